import emailMisspelled from 'email-misspelled'
import { toVisible } from '@/lib/signup/visible'

// Only large providers with long names. With a short name, nearly every other name is within two letters.
const findSimilar = emailMisspelled({
  maxMisspelled: 2,
  domains: [
    'gmail.com',
    'googlemail.com',
    'hotmail.com',
    'outlook.com',
    'icloud.com',
    'yahoo.com',
    'yahoo.co.uk',
    'hotmail.co.uk',
    'ymail.com',
    'rocketmail.com',
    'protonmail.com',
    'fastmail.com',
    'comcast.net',
    'verizon.net',
  ],
})

/** Real providers that look like a typo of a large one. */
const RIGHT = ['mail.com', 'email.com', 'yahoo.ca']

/** Suggests a correction, or returns undefined when the address looks right. */
export function suggestAddress(address: string): string | undefined {
  const [local = '', domain = ''] = toVisible(address).split('@')
  if (RIGHT.includes(domain.toLowerCase())) return
  return findSimilar(`${local}@${domain.toLowerCase()}`)[0]?.corrected
}
