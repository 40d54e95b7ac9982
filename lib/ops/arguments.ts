import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<Some extends Options> = ReturnType<typeof parseArgs<{ options: Some; allowPositionals: true }>>

/** Reads the arguments of a command, or exits with its usage. @param accepts checks arguments without a name. Default: none */
export function readArguments<const Some extends Options>(
  usage: string,
  options: Some,
  accepts: (positionals: string[]) => boolean = ({ length }) => length === 0,
  args = process.argv.slice(2),
): Parsed<Some> {
  let problem = ''
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true })
    if (accepts(parsed.positionals)) return parsed
  } catch (error) {
    // The rest of the message explains dashes.
    problem = `${(error as Error).message.split('. ')[0]}.\n`
  }
  fail(`${problem}Usage: ${usage}`)
}

/** Exits the process because of its arguments. */
export function fail(reason: string): never {
  console.error(reason)
  process.exit(2)
}
