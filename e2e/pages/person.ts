import { expect, type Locator, type Page } from '@playwright/test'
import { newAddress } from '../app'

/** Steps that a person does on the pages, and checks of what they see. */

/** Fills in the form and presses the button, and again while the server sheds load. */
export async function sendForm(page: Page, email = newAddress(), name = 'Ada'): Promise<void> {
  const button = page.getByRole('button', { name: 'Sign me up' })
  await page.addLocatorHandler(
    page.getByText('Too many people are signing up at the moment.'),
    // The ticket may come instead of the button.
    () => button.click({ timeout: 5_000 }).catch(() => {}),
    { noWaitAfter: true },
  )
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Email').fill(email)
  await button.click()
}

/** Opens the app, signs up, and waits for the ticket. Returns the email's id, which stands in the address. */
export async function signUpByHand(page: Page, email = newAddress(), name = 'Ada'): Promise<string> {
  await page.goto('/')
  await sendForm(page, email, name)
  await expect(page).toHaveURL(/\/tickets\//)
  return page.url().split('/').at(-1) ?? ''
}

export function ticketOn(page: Page): Locator {
  return page.getByRole('region', { name: /^Ticket/ })
}

export function linesOn(page: Page): Locator {
  return ticketOn(page).getByRole('listitem')
}

export async function expectDelivered(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'The email has arrived.' })).toBeVisible()
  await expect(linesOn(page).last()).toContainText('delivered')
}

/** Collects what the browser complains about. */
export function listenForComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Playwright tries to run a script in every frame. A mail's frame allows none.
    if (message.text().includes("execution in 'about:srcdoc'")) return
    // The server may shed load: see `sendForm`.
    if (message.text().includes('503') && message.location().url.endsWith('/api/users')) return
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  return complaints
}

/** The idempotency keys of the signups that the page sends, as it sends them. */
export function listenForSignups(page: Page): (string | undefined)[] {
  const keys: (string | undefined)[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') keys.push(request.headers()['idempotency-key'])
  })
  return keys
}
