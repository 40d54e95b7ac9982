import { readFileSync } from 'node:fs'

/**
 * The lines of our own code that the lesson shows: a file, and the beginning of the first line.
 * The build reads them from the source, so they are never out of date.
 */
const STEPS = [
  { file: 'app/components/signup/send-signup.ts', from: "const response = await fetch('/api/users'" },
  { file: 'app/api/users/route.ts', from: 'async POST(request) {' },
  { file: 'lib/signup/signup.ts', from: 'export async function createSignup' },
  { file: 'worker/deliver.ts', from: 'export async function deliver' },
  { file: 'lib/sending/batch.ts', from: "if (outcome.kind === 'accepted') {" },
]
const ENQUEUE = { file: 'lib/signup/signup.ts', from: 'const user = await tx.user.create' }
const WORK = { file: 'worker/jobs/send-email.ts', from: 'export default async function sendEmail' }

/** Defines LESSON_EXCERPTS for the compiler. */
export function defineExcerpts() {
  const excerpts = { steps: STEPS.map(readExcerpt), enqueue: readExcerpt(ENQUEUE), work: readExcerpt(WORK) }
  return { LESSON_EXCERPTS: JSON.stringify(excerpts) }
}

/**
 * If the first line ends with an open bracket, the excerpt ends at the closing bracket. Otherwise it ends at the end of
 * the paragraph.
 * @param {{ file: string, from: string }} excerpt the file is relative to the top of the project
 * @returns {{ file: string, line: number, code: string }} `line` counts from 1
 * @throws {Error} when the file is missing, when not exactly one line begins like that, or when the excerpt has no end
 */
function readExcerpt({ file, from }) {
  const lines = readLines(file)
  const starts = lines.flatMap((line, index) => (line.trimStart().startsWith(from) ? [index] : []))
  const [start] = starts
  if (starts.length !== 1) throw lost(file, `${starts.length} of its lines begin with “${from}”, not one`)

  const indent = indentOf(lines[start])
  const isBlock = opens(lines[start])
  const end = lines.findIndex((line, index) => {
    if (index <= start) return false
    if (isBlock) return line !== '' && indentOf(line) <= indent && !opens(line)
    return line === '' || indentOf(line) < indent
  })
  if (end < 0) throw lost(file, `what begins with “${from}” has no end`)

  const code = lines.slice(start, isBlock ? end + 1 : end).map((line) => line.slice(indent))
  return { file, line: start + 1, code: code.join('\n') }
}

function readLines(file) {
  try {
    return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').split(/\r?\n/)
  } catch (error) {
    throw lost(file, error.message)
  }
}

function opens(line) {
  return /[([{]$/.test(line)
}

function indentOf(line) {
  return line.length - line.trimStart().length
}

function lost(file, reason) {
  return new Error(
    `The lesson shows lines of ${file} and can’t find them: ${reason}. See app/(stage)/learn/excerpts.mjs.`,
  )
}
