import { stripInvisible } from '@/lib/signup/visible'

/** Large providers. Their names have five letters or more: a mistake in a shorter one makes another provider of it. */
const LARGE = [
  'gmail.com',
  'googlemail.com',
  'hotmail.com',
  'hotmail.co.uk',
  'outlook.com',
  'icloud.com',
  'yahoo.com',
  'yahoo.co.uk',
  'ymail.com',
  'rocketmail.com',
  'protonmail.com',
  'fastmail.com',
  'comcast.net',
  'verizon.net',
]

/** Providers that look like a large one. From https://www.npmjs.com/package/email-providers, without mistyped ones. */
const RIGHT = new Set(
  ['5ymail', 'amail', 'cmail', 'eastmail', 'email', 'gotmail', 'hitmail', 'lastmail', 'mail', 'mymail']
    .concat(['prontomail', 'qmail', 'tmail', 'uymail', 'xmail', 'y7mail', 'ymail4', 'zmail', 'zoutlook'])
    .map((name) => `${name}.com`),
)

/** Mistyped "com". None of them is a top-level domain. */
const NOT_COM = /^(con|cmo|ocm|vom|xom|cpm|cim|comm|coom)$/

/**
 * Suggests a correction, or returns undefined when the address looks right. One mistake in the name of a large provider
 * is a typo. Another suffix is not: yahoo.co.jp is no yahoo.co.uk.
 */
export function suggestAddress(address: string): string | undefined {
  const [local = '', typed = ''] = stripInvisible(address).split('@')
  const domain = typed.toLowerCase()
  const [name = '', ...labels] = domain.split('.')
  const suffix = labels.join('.').replace(NOT_COM, 'com')
  const meant = `${name}.${suffix}`
  if (LARGE.includes(domain) || RIGHT.has(meant)) return
  const large = LARGE.find((one) => one === meant || isOneOff(one, name, suffix))
  return large && `${local}@${large}`
}

/** One letter is wrong, missing or too many, or two neighbours have changed places. */
function isOneOff(large: string, name: string, suffix: string): boolean {
  if (!large.endsWith(`.${suffix}`)) return false
  const right = large.slice(0, -suffix.length - 1)
  const start = [...right].findIndex((letter, index) => letter !== name[index])
  if (start < 0) return name.length === right.length + 1
  const [rest, typed] = [right.slice(start), name.slice(start)]
  return (
    typed.slice(1) === rest.slice(1) ||
    typed === rest.slice(1) ||
    typed.slice(1) === rest ||
    (typed.slice(2) === rest.slice(2) && typed[0] === rest[1] && typed[1] === rest[0])
  )
}
