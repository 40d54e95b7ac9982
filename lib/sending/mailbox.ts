import { hmac } from '../sign'

type Provider = {
  /** With `canonical`, all of them must belong to the provider: two mailboxes would be one, and each could silence the other. */
  domains: RegExp
  /** The domain that stands for all of them. */
  canonical?: string
  ignored?: RegExp
  /** Separates the name from a label, like the plus sign. */
  label?: string
}

const PROVIDERS: Provider[] = [
  // https://support.google.com/mail/answer/7436150
  { domains: /^(gmail|googlemail)\.com$/, canonical: 'gmail.com', ignored: /\./g },
  // https://proton.me/support/addresses-and-aliases, https://proton.me/support/change-username
  { domains: /^(proton\.me|protonmail\.(com|ch)|pm\.me)$/, canonical: 'proton.me', ignored: /[._-]/g },
  // https://yandex.com/support/id/authorization/email.html
  { domains: /^(ya\.ru|yandex\.(ru|com|by|kz|ua|uz|com\.(am|ge|tr)))$/, canonical: 'yandex.com' },
  // https://support.apple.com/118230
  { domains: /^(icloud|me|mac)\.com$/, canonical: 'icloud.com' },
  // A base name, a hyphen and a keyword: http://help.yahoo.com/help/uk/bt/tutorials/mail/addressguard2.html
  { domains: /^(yahoo(\.com?)?\.[a-z]+|(rocket|y)mail\.com|myyahoo\.com)$/, label: '-' },
]

/** label@name.fastmail.com is name+label@fastmail.com: https://www.fastmail.help/hc/en-us/articles/360060591053 */
const FASTMAIL = /^[^@]+@([^@.]+)\.(fastmail\.[a-z.]+|sent\.com)$/

export function toMailbox(address: string): string {
  const [local = '', domain = ''] = address.replace(FASTMAIL, '$1@$2').split('@')
  // Resend's test addresses: each label is a separate mailbox.
  if (domain === 'resend.dev') return address
  const { canonical, ignored, label } = PROVIDERS.find(({ domains }) => domains.test(domain)) ?? {}
  const [plain = ''] = local.split('+')
  const [name = ''] = label ? plain.split(label) : [plain]
  return `${(ignored ? name.replace(ignored, '') : name) || local}@${canonical ?? domain}`
}

/** Returns a keyed hash, so that the database does not reveal the address. */
export function hashMailbox(address: string): string {
  return hmac('mailbox', toMailbox(address))
}
