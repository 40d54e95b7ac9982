import type { Scene } from './scene'

/** This many waiting jobs are a jam. */
const JAM = 8
/** With this many waiting letters, a newsletter is under way. */
const CROWD = 100

type Chapter = {
  /** The text of the chapter. */
  line: string
  /** Whether the line is still true, and the text while it is not. */
  holds?: (scene: Scene) => boolean
  otherwise?: string
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
    holds: ({ waiting, shop }) => waiting.length > 0 || shop.workers > 1,
    otherwise: 'The jam is gone, slowly. Let in a rush, and it is back. Would more workers help?',
    until: ({ waiting, shop }) => shop.workers > 1 && (waiting.length < JAM || shop.workers > 5),
  },
  {
    line: 'More workers, less waiting. Now hire all eight, and let in another rush.',
    holds: ({ shop }) => shop.workers > 1,
    otherwise: 'One worker is alone again. Hire all eight, and let in another rush.',
    until: ({ waiting, shop }) => waiting.length >= JAM && shop.workers > 5,
  },
  {
    line: 'Some workers are idle, and still it jams: the mail service takes ten requests a second, no more.',
    holds: ({ waiting }) => waiting.length > 0,
    otherwise:
      'The jam is gone, slowly: the mail service takes ten requests a second, no more. Let in another rush.',
    until: ({ requests }) => requests.some(({ mails }) => mails.length >= 2),
  },
  {
    line: 'Up to a hundred in one request, a batch, and the jam is gone. Now send a newsletter to all customers.',
    holds: ({ shop }) => shop.batch > 1,
    otherwise: 'One in each request again. Tick a hundred in one request, and send a newsletter.',
    until: ({ letters, waiting, shop }) =>
      letters >= CROWD && waiting.at(-1)?.kind === 'welcome' && !shop.welcomesFirst,
  },
  {
    line: 'A new customer waits for a welcome, behind thousands of newsletters that could come later.',
    holds: ({ letters }) => letters >= CROWD,
    otherwise:
      'The newsletter is out, and only then came the welcome. Send it once more, with welcomes first.',
    until: ({ letters, requests, shop }) =>
      shop.welcomesFirst && letters >= CROWD && requests.at(-1)?.mails[0]?.kind === 'welcome',
  },
  {
    line: 'The welcome goes first, and the newsletter can wait. Close the shop to see how much each step helped.',
    until: () => false,
  },
]

/** The text of a chapter at this moment. */
export function toCaption(number: number, scene: Scene): string | undefined {
  const { line, holds, otherwise } = CHAPTERS[number] ?? {}
  return holds && !holds(scene) ? otherwise : line
}

export const CLOSED = 'The shop is closed. Below, your own orders are served once more, in four ways.'
export const STOPPED =
  'No worker is on duty. Orders are still taken, the queue keeps the jobs, and nothing is lost.'
