import { domainToASCII, domainToUnicode } from 'node:url'

/** RFC 1034. The last label is not a number: that would be an IP address. */
const DNS_NAME = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(xn--[a-z0-9-]{1,59}|[a-z]{2,63})$/

/**
 * Returns a domain in lower case and punycode, or undefined if IDNA 2008 forbids it. Node checks UTS 46, CONTEXTJ and
 * right-to-left scripts. The rules below reject symbols and emoji, and add CONTEXTO.
 */
export function canonicalDomain(domain: string): string | undefined {
  // Node parses the host of a URL, which may contain more than a domain.
  if (/[\0-\x7F]/.test(domain.replace(/[a-z0-9.-]/gi, ''))) return
  // Ignorable letters such as U+3164 look like a gap. From Node 24 on, `domainToASCII` drops them.
  if (/(?![\u200C\u200D])\p{Default_Ignorable_Code_Point}/u.test(domain)) return
  const canonical = domainToASCII(domain)
  if (!DNS_NAME.test(canonical)) return
  const readable = domainToUnicode(canonical)
  // Forbidden or non-canonical punycode does not survive the round trip.
  if (domainToASCII(readable) !== canonical) return
  return readable.split('.').every(isAllowed) ? canonical : undefined
}

function isAllowed(label: string): boolean {
  // Node could not decode it.
  if (label.startsWith('xn--')) return false
  if (/^[a-z0-9-]+$/.test(label)) return true
  return PVALID.test(label) && !FORBIDDEN.some((rule) => rule.test(label))
}

// https://www.rfc-editor.org/rfc/rfc5892#section-2: letters, marks, digits, and the exceptions of section 2.6.
const PVALID =
  /^([\p{L}\p{Mn}\p{Mc}\p{Nd}-]|[\u200C\u200D]|[\u00B7\u0375\u05F3\u05F4\u06FD\u06FE\u0F0B\u3007\u30FB])+$/u

const FORBIDDEN = [
  // More exceptions, old Hangul (2.9), and marks for symbols and music (2.5).
  /[\u0640\u07FA\u3031-\u3035\u303B]|[\u302E\u302F]/u,
  /[\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]/u,
  /[\u20D0-\u20FF]|[\u{1D100}-\u{1D24F}]/u,
  // CONTEXTO, https://www.rfc-editor.org/rfc/rfc5892#appendix-A. A middle dot that is not between two l (Catalan).
  /(?<!l)\u00B7|\u00B7(?!l)/u,
  // A keraia that is not before a Greek letter. Geresh or gershayim that is not after a Hebrew one.
  /\u0375(?!\p{Script=Greek})/u,
  /(?<!\p{Script=Hebrew})[\u05F3\u05F4]/u,
  // The Katakana middle dot in a label without Japanese letters.
  /^[^\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]*\u30FB[^\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]*$/u,
  // Two kinds of Arabic digits in one label.
  /[\u0660-\u0669].*[\u06F0-\u06F9]|[\u06F0-\u06F9].*[\u0660-\u0669]/u,
  // Hyphens at the start, at the end, or in third and fourth place: https://www.rfc-editor.org/rfc/rfc5891#section-4.2.3.1
  /^-|-$|^..--/u,
]
