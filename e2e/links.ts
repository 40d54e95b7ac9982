import { askSandbox, query } from './stack'

/** The page to which a link in a mail leads. */
type Page = 'lost' | 'not-me' | 'tickets'

/** The text of a mail that was sent, as the stand-in for Resend has it. @param env of the app that sent it */
export async function readText(env: Partial<Record<string, string>>, emailId: string): Promise<string> {
  const [email] = await query<{ providerId: string | null }>(
    env.DATABASE_URL ?? '',
    'SELECT "providerId" FROM "Email" WHERE id = $1',
    [emailId],
  )
  return (await (await askSandbox(env, `/emails/${email?.providerId}`)).json()).text
}

/** The token of a link in a mail that was sent. */
export async function readLink(
  env: Partial<Record<string, string>>,
  emailId: string,
  page: Page,
): Promise<string> {
  const text = await readText(env, emailId)
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
