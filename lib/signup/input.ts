import { z } from 'zod'
import { canonicalAddress } from './address'
import { stripInvisible } from './visible'

export const signupInput = z.strictObject({
  name: z
    .string({ error: 'Enter your name.' })
    .transform((name) => name.normalize('NFC').trim())
    .superRefine((name, ctx) => {
      const error = findNameError(name)
      if (error) ctx.addIssue({ code: 'custom', message: error })
    }),
  email: z.string({ error: 'Enter your email address.' }).transform((address, ctx) => {
    const canonical = canonicalAddress(address)
    if (canonical) return canonical
    ctx.addIssue({
      code: 'custom',
      message: stripInvisible(address)
        ? 'Enter an address like ada@example.com.'
        : 'Enter your email address.',
    })
    return z.NEVER
  }),
})

export const addressInput = signupInput.pick({ email: true })

export const MAX_BYTES = 8 * 1024

export type SignupInput = z.infer<typeof signupInput>

// A name appears in emails. It must not hide text, reverse it, or become a link.
const NAME_RULES: [RegExp, string][] = [
  [/\p{Cs}/u, 'Names can’t contain broken characters.'],
  [/[\p{Cc}\p{Zl}\p{Zp}]/u, 'Names can’t contain line breaks or control characters.'],
  [/[\u202A-\u202E\u2066-\u2069]/u, 'Names can’t contain characters that change the direction of text.'],
  [/[<>]/u, 'Names can’t contain < or >.'],
]

/** Mail programs turn it into a link. */
const WEB_ADDRESS = [
  /:\/\/|\bwww\.|\b(?:https?|ftp|mailto|javascript|data|tel):/iu,
  /[\p{L}\p{M}\p{N}\p{S}-]\.[\p{L}\p{M}]{2}|\.(?:com|net|org|io|me|co)\b|[\p{L}\p{N}]\.[\p{L}\p{N}]+\//iu,
  /\d\.\d{1,3}\.\d{1,3}\.\d|[\p{L}\p{N}\]]:\d|\blocalhost\b/iu,
]

// NFKC keeps `。`, which browsers accept as a dot, and invisible characters.
function toPlainest(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[。｡]/gu, '.')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
}

const TOO_LONG = 'Names can have up to 80 characters.'

function findNameError(name: string): string | undefined {
  if (!name) return 'Enter your name.'
  // First, because some patterns are slow on long text.
  if (Buffer.byteLength(name) > 320) return TOO_LONG
  if (/\p{M}{5,}/u.test(name.normalize('NFD'))) return 'Names can’t pile up more than four accents.'
  for (const [pattern, message] of NAME_RULES) if (pattern.test(name)) return message
  const plainest = toPlainest(name)
  if (WEB_ADDRESS.some((pattern) => pattern.test(plainest)))
    return 'Names can’t contain a web address. A space after the dot helps.'
  // U+2800 is the blank Braille pattern.
  if (/^[\p{M}\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]*$/u.test(name))
    return 'Enter a name that can be seen.'
  const characters = [...new Intl.Segmenter().segment(name)].length
  if (characters > 80) return TOO_LONG
}
