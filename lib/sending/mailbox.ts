import { hmac } from '../sign'

type Provider = {
  /** Its domains. They are one domain if `isOne` says so: the same name at another of them is the same mailbox. */
  domains: RegExp
  isOne?: string
  /** Characters in a name that make no difference. */
  ignored?: RegExp
  /** What may follow the name, besides a plus sign and a label. */
  label?: string
}

/** Providers that take more spellings for one mailbox than a plus sign and a label. */
const PROVIDERS: Provider[] = [
  // https://support.google.com/mail/answer/7436150
  { domains: /^(gmail|googlemail)\.com$/, isOne: 'gmail.com', ignored: /\./g },
  // https://proton.me/support/addresses-and-aliases, https://proton.me/support/change-username
  { domains: /^(proton\.me|protonmail\.(com|ch)|pm\.me)$/, isOne: 'proton.me', ignored: /[._-]/g },
  // https://support.apple.com/118230
  { domains: /^(icloud|me|mac)\.com$/, isOne: 'icloud.com' },
  // A base name, a hyphen and a keyword: http://help.yahoo.com/help/uk/bt/tutorials/mail/addressguard2.html
  { domains: /^(yahoo(\.com?)?\.[a-z]+|(rocket|y)mail\.com|myyahoo\.com)$/, label: '-' },
]

/** label@name.fastmail.com is name+label@fastmail.com: https://www.fastmail.help/hc/en-us/articles/360060591053 */
const FASTMAIL = /^[^@]+@([^@.]+)\.(fastmail\.[a-z.]+|sent\.com)$/

/** The mailbox that an address reaches: a provider takes many spellings for the same one. */
export function toMailbox(address: string): string {
  const [local = '', domain = ''] = address.replace(FASTMAIL, '$1@$2').split('@')
  // Resend's test addresses: with each label it is somebody else.
  if (domain === 'resend.dev') return address
  const { isOne, ignored, label } = PROVIDERS.find(({ domains }) => domains.test(domain)) ?? {}
  const [plain = ''] = local.split('+')
  const [name = ''] = label ? plain.split(label) : [plain]
  return `${(ignored ? name.replace(ignored, '') : name) || local}@${isOne ?? domain}`
}

/** A mailbox as it may be remembered when its owner is not: nobody can tell the address from it. */
export function hashMailbox(address: string): string {
  return hmac('mailbox', toMailbox(address))
}
