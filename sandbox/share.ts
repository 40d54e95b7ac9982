import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface Share {
  /** What the web server listens on. */
  host: string
  /** Where people reach it, as in a URL. */
  address: string
}

/** Networks that programs make for themselves: no phone is in them. */
const NOT_FOR_PHONES = /^(docker|br-|veth|virbr|vmnet|vEthernet)/

/**
 * Who may reach the app: this computer only; with `--share` the local network, by this computer's address in it; with
 * `--share=ADDRESS` whoever reaches that one.
 * @throws {Error} when there is no such address
 */
export function readShare(args: string[]): Share | undefined {
  const [flag, chosen] = args.find((arg) => /^--share(=|$)/.test(arg))?.split('=') ?? []
  if (!flag) return undefined
  const found = Object.entries(networkInterfaces())
    .filter(([name]) => !NOT_FOR_PHONES.test(name))
    .flatMap(([, addresses = []]) =>
      addresses.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)),
    )
    .map(({ address }) => address)
  if (chosen === undefined) {
    const address = found.find(isPrivate)
    if (!address) throw new Error(`There is no address in a local network here. ${choose(found)}`)
    return { host: '0.0.0.0', address }
  }
  const isHere = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === chosen),
  )
  if (!isHere && !/^127(\.\d+){3}$/.test(chosen))
    throw new Error(`"${chosen}" is no address of this computer. ${choose(found)}`)
  return { host: chosen, address: isIP(chosen) === 6 ? `[${chosen}]` : chosen }
}

/** https://www.rfc-editor.org/rfc/rfc1918 */
function isPrivate(address: string): boolean {
  return /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(address) && isIP(address) === 4
}

function choose(found: string[]): string {
  return `Choose one: ${found.map((address) => `--share=${address}`).join(', ') || '--share=ADDRESS'}`
}
