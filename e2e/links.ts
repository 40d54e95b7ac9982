/** The page to which a link in a mail leads. */
type Page = 'lost' | 'not-me' | 'tickets'

/** The token of a link in a mail that was sent, as the inbox of the sandbox shows it. */
export async function readLink(url: string, emailId: string, page: Page): Promise<string> {
  const text = await (await fetch(`${url}/inbox/${emailId}?as=text`)).text()
  return new RegExp(`/${page}(?:/[\\w-]+)?#([\\w.-]+)`).exec(text)?.[1] ?? ''
}

/** Where the pages send the tokens of their links. */
export const LINK_ROUTES = ['not-me', 'tickets/open', 'tickets/confirm'] as const

/** Sends a token as the page of its link does. */
export function sendLink(
  url: string,
  route: (typeof LINK_ROUTES)[number],
  link: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/api/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ link }),
  })
}
