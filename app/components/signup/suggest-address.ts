import emailMisspelled from 'email-misspelled'
import { stripInvisible } from '@/lib/signup/visible'

// The large ones, and only long names: two letters make something else of a short one.
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

/** They look like a large one, and are not. */
const RIGHT = ['mail.com', 'email.com', 'yahoo.ca']

/** What somebody probably meant, or undefined when their address looks right. */
export function suggestAddress(address: string): string | undefined {
  const [local = '', domain = ''] = stripInvisible(address).split('@')
  if (RIGHT.includes(domain.toLowerCase())) return
  return findSimilar(`${local}@${domain.toLowerCase()}`)[0]?.corrected
}
