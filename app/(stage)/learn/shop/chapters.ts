import type { Scene } from './scene'

/** This many waiting jobs are a jam. */
const JAM = 8
/** With this many waiting letters, a newsletter is under way. */
const CROWD = 100

type Chapter = {
  /** The text of the chapter. */
  line: string
  /** Whether the reader has seen enough for the next chapter. */
  until: (scene: Scene) => boolean
}

/** Each remedy shows the next problem. The number of the chapter decides which controls are shown: see play.tsx. */
export const CHAPTERS: Chapter[] = [
  {
    line: 'One worker sends one mail after the other, in half a second each. Order a coffee, and some more.',
    until: ({ waiting }) => waiting.length >= JAM,
  },
  {
    line: 'This is a jam. The counter is free, but the jobs pile up. Would more workers help?',
    until: ({ waiting, shop }) => shop.workers > 1 && (waiting.length < JAM || shop.workers > 5),
  },
  {
    line: 'More workers, less waiting. Now hire all eight, and let in another rush.',
    until: ({ waiting, shop }) => waiting.length >= JAM && shop.workers > 5,
  },
  {
    line: 'Some workers are idle, and still it jams: the mail service takes ten requests a second, no more.',
    until: ({ requests }) => requests.some(({ mails }) => mails.length >= 2),
  },
  {
    line: 'All that waits leaves in one request, and the jam is gone. Now send a newsletter to all customers.',
    until: ({ letters, waiting, shop }) =>
      letters >= CROWD && waiting.at(-1)?.kind === 'welcome' && !shop.welcomesFirst,
  },
  {
    line: 'A new customer waits for a welcome, behind thousands of newsletters that could come later.',
    until: ({ letters, requests, shop }) =>
      shop.welcomesFirst && letters >= CROWD && requests.at(-1)?.mails[0]?.kind === 'welcome',
  },
  {
    line: 'The welcome goes first, and the newsletter can wait. Close the shop to see how much each step helped.',
    until: () => false,
  },
]

export const CLOSED = 'The shop is closed. Below, your own orders are served once more, in four ways.'
export const STOPPED =
  'No worker is on duty. Orders are still taken, the queue keeps the jobs, and nothing is lost.'
