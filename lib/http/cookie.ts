/**
 * Returns the first cookie with this name. Only a space may stand before it. With other white space, a browser takes it for
 * another name: `\u00A0__Host-session` lacks the prefix `__Host-`, so another host of the domain may set it.
 */
export function readCookie(headers: Pick<Headers, 'get'>, name: string): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(/; */)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
