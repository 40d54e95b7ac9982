import { fail } from '../../lib/ops/arguments'

const isCount = (number: number): boolean => Number.isSafeInteger(number) && number > 0

export const isPositive = (number: number): boolean => Number.isFinite(number) && number > 0

/** Reads a number of a command, or exits with its usage. @param isGood default: a positive integer */
export function readNumber(usage: string, name: string, text: string, isGood = isCount): number {
  // `Number` reads an empty text as 0.
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return isGood(number) ? number : fail(`Not a number for ${name}: ${text}\nUsage: ${usage}`)
}
