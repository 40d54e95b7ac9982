/** Only the browser knows how long its user waited. With this cookie, the server can print it on a reload. */
export const WAITED_COOKIE = 'waited'

const ONE_DAY = 86_400

export function rememberWaited(path: string, ms: number): void {
  // biome-ignore lint/suspicious/noDocumentCookie: Cookie Store, the alternative, needs https.
  document.cookie = `${WAITED_COOKIE}=${ms}; path=${path}; max-age=${ONE_DAY}; samesite=lax`
}

/** @returns undefined when there is no figure, or an impossible one */
export function parseWaited(value: string | undefined): number | undefined {
  if (!value || !/^\d{1,6}$/.test(value)) return undefined
  return Number(value)
}
