import type { Course, Mail, Request, Shop } from './simulate'

/** The shop at one moment. */
export type Scene = {
  now: number
  shop: Shop
  /** In the order in which the workers take them. */
  waiting: Mail[]
  letters: number
  /** The wait of the first welcome in the line. */
  longestMs: number
  /** All requests that have started. */
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
