import { parseArgs } from 'node:util'

export type Sizes = {
  /** Signups and lone mails, one after the other. */
  rounds: number
  /** Signups in a browser. */
  visits: number
  /** Mails that wait for two workers. */
  mails: number
  /** Mails for one worker without a limit. */
  alone: number
  /** Mails for each of the rivals, without a limit and with it. */
  unlimited: number
  limited: number
  /** Delivery reports in each of five rounds. */
  reports: number
  streams: number
  /** Signups whose bytes are counted. */
  signups: number
  tickets: number
  /** People in a room who sign up. */
  phones: number
  /** Seconds. */
  idle: number
}

const FULL: Sizes = {
  rounds: 100,
  visits: 20,
  mails: 10_000,
  alone: 5_000,
  unlimited: 1_000,
  limited: 300,
  reports: 200,
  streams: 2_000,
  signups: 1_000,
  tickets: 200,
  phones: 200,
  idle: 20,
}

const QUICK: Sizes = {
  rounds: 10,
  visits: 3,
  mails: 500,
  alone: 500,
  unlimited: 200,
  limited: 40,
  reports: 50,
  streams: 200,
  signups: 100,
  tickets: 20,
  phones: 40,
  idle: 5,
}

export type Options = { only: string[]; sizes: Sizes }

const NAMES = Object.keys(FULL) as (keyof Sizes)[]

/** Each size has a flag of its name. Ends the process when it does not understand. */
export function readOptions(sections: string[]): Options {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: sections.join() },
        quick: { type: 'boolean', default: false },
        ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' } as const])),
      },
    })
    const only = values.only.split(',')
    const unknown = only.find((name) => !sections.includes(name))
    if (unknown !== undefined)
      throw new Error(`There is no section "${unknown}", only ${sections.join(', ')}.`)
    return { only, sizes: readSizes(values, values.quick ? QUICK : FULL) }
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

function readSizes(values: Record<string, unknown>, defaults: Sizes): Sizes {
  const sizes = { ...defaults }
  for (const name of NAMES) {
    sizes[name] = Number(values[name] ?? defaults[name])
    if (!(Number.isInteger(sizes[name]) && sizes[name] > 0))
      throw new Error(`--${name} is a positive integer.`)
  }
  return sizes
}
