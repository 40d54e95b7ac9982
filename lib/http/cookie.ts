/**
 * Returns the first cookie with this name. Skips only spaces before it: for browsers, `\u00A0__Host-session` is a name without
 * the prefix `__Host-`, so another host of the domain may set it.
 */
export function readCookie(headers: Pick<Headers, 'get'>, name: string): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(/; */)
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
