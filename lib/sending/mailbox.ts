import { hmac } from '../sign'

/** The mailbox that an address reaches: a provider takes many spellings for the same one. */
export function toMailbox(address: string): string {
  const [local = '', domain = ''] = address.split('@')
  // Resend's test addresses: with each label it is somebody else.
  if (domain === 'resend.dev') return address
  const plain = local.split('+')[0] || local
  if (domain !== 'gmail.com' && domain !== 'googlemail.com') return `${plain}@${domain}`
  return `${plain.replaceAll('.', '')}@gmail.com`
}

/** A mailbox as it may be remembered when its owner is not: nobody can tell the address from it. */
export function hashMailbox(address: string): string {
  return hmac('mailbox', toMailbox(address))
}
