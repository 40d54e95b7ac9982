import { fail, readArguments } from '../../../lib/ops/arguments'
import { readNumber } from '../read-number'

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
  /** Mails that are sent while people sign up. */
  busy: number
  streams: number
  /** Signups whose bytes are counted. */
  signups: number
  tickets: number
  /** People in a room who sign up. */
  phones: number
  /** Seconds. */
  idle: number
  /** Runs of each fault of the correctness race. */
  repeats: number
}

const FULL: Sizes = {
  rounds: 100,
  visits: 20,
  mails: 10_000,
  alone: 5_000,
  unlimited: 1_000,
  limited: 300,
  reports: 200,
  busy: 20_000,
  streams: 2_000,
  signups: 1_000,
  tickets: 200,
  phones: 200,
  idle: 20,
  repeats: 3,
}

const QUICK: Sizes = {
  rounds: 10,
  visits: 3,
  mails: 500,
  alone: 500,
  unlimited: 200,
  limited: 40,
  reports: 50,
  busy: 500,
  streams: 200,
  signups: 100,
  tickets: 20,
  phones: 40,
  idle: 5,
  repeats: 1,
}

/** Which cells of the correctness race: all, unless named. */
export type Race = { contenders?: string[]; faults?: string[] }

export type Options = { only: string[]; sizes: Sizes; race: Race }

const NAMES = Object.keys(FULL) as (keyof Sizes)[]

const USAGE = [
  'npm run bench [-- --quick] [--only SECTION,…] [--contenders NAME,…] [--faults NAME,…]',
  ...NAMES.map((name) => `[--${name} N]`),
].join(' ')

/**
 * Each size has a flag of its name. Ends the process when it does not understand.
 * @param byDefault the sections that run unless some are named
 */
export function readOptions(sections: string[], byDefault: string[]): Options {
  const { values } = readArguments(USAGE, {
    only: { type: 'string', default: byDefault.join() },
    quick: { type: 'boolean', default: false },
    contenders: { type: 'string' },
    faults: { type: 'string' },
    ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' } as const])),
  })
  const only = values.only.split(',')
  const unknown = only.find((name) => !sections.includes(name))
  if (unknown !== undefined) fail(`There is no section "${unknown}", only ${sections.join(', ')}.`)
  const race = { contenders: values.contenders?.split(','), faults: values.faults?.split(',') }
  return { only, sizes: readSizes(values, values.quick ? QUICK : FULL), race }
}

function readSizes(values: Record<string, unknown>, defaults: Sizes): Sizes {
  const sizes = { ...defaults }
  for (const name of NAMES) {
    sizes[name] = readNumber(USAGE, `--${name}`, `${values[name] ?? defaults[name]}`)
  }
  return sizes
}
