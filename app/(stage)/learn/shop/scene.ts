import type { Course, Mail, Request, Shop } from './simulate'

/** What there is to see at one moment. */
export type Scene = {
  now: number
  shop: Shop
  /** In the order in which they will be taken. */
  waiting: Mail[]
  letters: number
  /** How long the first welcome in the line has waited. */
  longestMs: number
  /** All requests that have begun. */
  requests: Request[]
}

export function lookAt({ mails, requests }: Course, shop: Shop, now: number): Scene {
  const here = mails.filter(({ at, takenAt }) => at <= now && !(takenAt !== undefined && takenAt <= now))
  const letters = here.filter(({ kind }) => kind === 'letter')
  const welcomes = here.filter(({ kind }) => kind === 'welcome')
  return {
    now,
    shop,
    waiting: shop.welcomesFirst ? [...welcomes, ...letters] : here,
    letters: letters.length,
    longestMs: welcomes[0] ? now - welcomes[0].at : 0,
    requests: requests.filter(({ at }) => at <= now),
  }
}
