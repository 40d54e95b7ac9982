import { canonicalDomain } from './domain'
import { JOINERS, toVisible } from './visible'

/** The local part is ASCII as it was entered: the Kelvin sign (U+212A) must not become a k. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/**
 * One plain address in the form in which we store and compare it. What cannot be seen in it is taken off first.
 * @returns undefined when it is none
 */
export function canonicalAddress(address: string): string | undefined {
  const visible = toVisible(address)
  const at = visible.lastIndexOf('@')
  if (at < 1) return
  const local = visible.slice(0, at).replace(JOINERS, '')
  const unicodeDomain = visible.slice(at + 1)
  // Where a joiner means nothing, nobody sees it either.
  const domain = canonicalDomain(unicodeDomain) ?? canonicalDomain(unicodeDomain.replace(JOINERS, ''))
  if (!domain || local.length > 64 || !LOCAL_PART.test(local)) return
  const canonical = `${local.toLowerCase()}@${domain}`
  return canonical.length <= 254 ? canonical : undefined
}
