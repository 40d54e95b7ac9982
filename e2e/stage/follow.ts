import type { Page } from '@playwright/test'
import { ticketOn } from '../pages/person'

/** Clicks a link of a new ticket. Until the ticket is printed, the link moves from under the pointer. */
export async function follow(page: Page, name: string): Promise<void> {
  const link = ticketOn(page).getByRole('link', { name })
  await link.evaluate(async (element) => {
    const animations = document.getAnimations()
    const moves = animations.filter(({ effect }) => (effect as KeyframeEffect).target?.contains(element))
    await Promise.allSettled(moves.map(({ finished }) => finished))
  })
  await link.click()
}
