/**
 * How long somebody waited for the answer is known to their browser alone. A cookie that is sent
 * with this one ticket only lets the server print the same figure when they reload it.
 */
export const WAITED_COOKIE = 'waited'

const ONE_DAY = 86_400

export function rememberWaited(path: string, ms: number): void {
  // biome-ignore lint/suspicious/noDocumentCookie: Cookie Store, the alternative, needs https.
  document.cookie = `${WAITED_COOKIE}=${ms}; path=${path}; max-age=${ONE_DAY}; samesite=lax`
}

/** @returns undefined when there is no figure, or none that anybody could have waited. */
export function parseWaited(value: string | undefined): number | undefined {
  if (!value || !/^\d{1,6}$/.test(value)) return undefined
  return Number(value)
}
