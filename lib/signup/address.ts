import { canonicalDomain } from './domain'
import { JOINERS, stripInvisible } from './visible'

/** Tested before it becomes lower case: the Kelvin sign (U+212A) must not become a k. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

export function canonicalAddress(address: string): string | undefined {
  const visible = stripInvisible(address)
  const at = visible.lastIndexOf('@')
  if (at < 1) return
  const local = visible.slice(0, at).replace(JOINERS, '')
  const unicodeDomain = visible.slice(at + 1)
  // Some scripts need joiners. Other domains are invalid with them.
  const domain = canonicalDomain(unicodeDomain) ?? canonicalDomain(unicodeDomain.replace(JOINERS, ''))
  if (!domain || local.length > 64 || !LOCAL_PART.test(local)) return
  const canonical = `${local.toLowerCase()}@${domain}`
  return canonical.length <= 254 ? canonical : undefined
}
