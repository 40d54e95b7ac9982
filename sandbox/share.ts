import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface Share {
  /** The address that the web server listens on. */
  host: string
  /** The address for people, as in a URL. */
  address: string
}

/** Virtual networks, which no phone can join. */
const NOT_FOR_PHONES = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxdbr|vEthernet|VMware|VirtualBox)/i

/**
 * Reads which network may reach the app.
 * @param chosen an address, which stands for its network. When it is empty: the local network
 * @throws {Error} when there is no such address
 */
export function readShare(chosen: string): Share {
  const found = Object.entries(networkInterfaces())
    .filter(([name]) => !NOT_FOR_PHONES.test(name))
    .flatMap(([, addresses = []]) =>
      addresses.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)),
    )
    .map(({ address }) => address)
  if (chosen === '') {
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
