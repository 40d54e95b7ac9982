import type { Scene } from './scene'

/** So many wait when it is a jam. */
const JAM = 8
/** So many letters in the line are a newsletter under way. */
const CROWD = 100

type Chapter = {
  /** What is told, in the moment in which it can be seen. */
  line: string
  /** What the reader sees when the next one begins. */
  until: (scene: Scene) => boolean
}

/** Each remedy uncovers the next problem. The number of the chapter says which controls there are: see play.tsx. */
export const CHAPTERS: Chapter[] = [
  {
    line: 'One worker sends one mail after the other, in half a second each. Order a coffee, and some more.',
    until: ({ waiting }) => waiting.length >= JAM,
  },
  {
    line: 'This is a jam. Nobody stands at the counter, but the jobs pile up. Would more workers help?',
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
    line: 'Somebody new waits for a welcome, behind thousands of newsletters that nobody waits for.',
    until: ({ letters, requests, shop }) =>
      shop.welcomesFirst && letters >= CROWD && requests.at(-1)?.mails[0]?.kind === 'welcome',
  },
  {
    line: 'The welcome goes first, and nobody minds. Close the shop, and see what each of these steps was worth.',
    until: () => false,
  },
]

export const CLOSED =
  'The shop is closed. Below, your own orders come once more, and are served in four ways.'
export const STOPPED = 'Nobody works. Orders are still taken, the queue keeps the jobs, and nothing is lost.'
