import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<Some extends Options> = ReturnType<typeof parseArgs<{ options: Some; allowPositionals: true }>>

/**
 * Reads the arguments of a command, or exits with its usage. An argument is empty when it was a variable that is not set.
 * @param accepts checks arguments without a name. Default: none
 */
export function readArguments<const Some extends Options>(
  usage: string,
  options: Some,
  accepts: (positionals: string[]) => boolean = ({ length }) => length === 0,
  args = process.argv.slice(2),
): Parsed<Some> {
  const taken = Object.keys(options).find(isTakenByNpm)
  if (taken) fail(`npm took --${taken} for itself: write -- before the arguments.\nUsage: ${usage}`)
  let problem = ''
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true })
    if (parsed.positionals.includes('')) problem = 'An argument is empty.\n'
    else if (accepts(parsed.positionals)) return parsed
  } catch (error) {
    // The rest of the message explains dashes.
    problem = `${(error as Error).message.split('. ')[0]}.\n`
  }
  fail(`${problem}Usage: ${usage}`)
}

/** Without `--` before it, npm keeps an option, and also its value after a "=". Only the environment shows it then. */
function isTakenByNpm(option: string): boolean {
  // npm's own setting `force` may be in an .npmrc. To lose ours is safe: nothing is forced.
  return option !== 'force' && `npm_config_${option.replace(/^no-/, '').replaceAll('-', '_')}` in process.env
}

/** Exits the process because of its arguments. */
export function fail(reason: string): never {
  console.error(reason)
  process.exit(2)
}
