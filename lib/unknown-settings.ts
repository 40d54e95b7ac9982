import { closest, distance } from 'fastest-levenshtein'

/** Names that begin like this are ours: in no other program do they mean anything. */
const OURS = [
  'LIMIT_',
  'SANDBOX_',
  'BACKSTAGE_', // stage
  'PRESENTER_', // stage
  'INVITATIONS_', // orders
]

// Kubernetes and Docker tell a process of the services beside it: one that is called "sandbox" makes SANDBOX_PORT.
const SERVICE_NAME = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//

/**
 * Finds settings that nothing reads: they have a name of ours and do not exist, or their name is a slip away from one
 * that is not set. Names of other programs are none of our business.
 * @param given the environment
 * @param known the names of all settings
 * @returns each with the one that was probably meant
 */
export function findUnknown(
  given: NodeJS.ProcessEnv,
  known: readonly string[],
): { name: string; meant: string }[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!value || SERVICE_NAME.test(name) || SERVICE_ADDRESS.test(value)) return []
    const upper = name.toUpperCase()
    // On Windows, the letter case of a name means nothing.
    if (known.includes(process.platform === 'win32' ? upper : name)) return []
    const prefix = OURS.find((prefix) => upper.startsWith(prefix))
    const candidates = known.filter((name) => name.startsWith(prefix ?? ''))
    const meant = candidates.find((name) => name.startsWith(upper)) ?? closest(upper, candidates)
    return prefix || (!given[meant] && isSlip(upper, meant)) ? [{ name, meant }] : []
  })
}

/** One letter in six is wrong, or two are swapped. In short names that is not enough: MAIL_FROM is no EMAIL_FROM. */
function isSlip(name: string, meant: string): boolean {
  if (meant.length < 12 && name.split('_')[0] !== meant.split('_')[0]) return false
  if (distance(name, meant) <= Math.min(2, meant.length / 6)) return true
  return distance(name, meant) === 2 && [...name].sort().join() === [...meant].sort().join()
}
