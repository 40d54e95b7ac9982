/*
 * A mark is a comment with the name of a ring and nothing else. At the end of a line, it marks that line. On a line of its
 * own, it marks what follows: a statement, a test, a model.
 */
const MARK = /(?:\/\/|#|--) (?<line>stage|orders)$|\{?\/\* (?<block>stage|orders) \*\/\}?$/
/** A misspelled mark would leave a line behind. */
const ALMOST = /(?:\/\*|\/\/|#|--)\s*(stage|orders)\b\W*$/i

/** Removes what is marked for a ring, and the marks of all others. @throws when a mark is malformed or marks nothing */
export function takeOut(text: string, isTaken: (mark: string) => boolean): string {
  const lines = text.split('\n')
  const kept: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const mark = MARK.exec(line)
    const comment = mark?.[0] ?? ''
    const ring = mark?.groups?.line ?? mark?.groups?.block ?? ''
    if (!mark && ALMOST.test(line)) throw new Error(`malformed mark: ${line.trim()}`)
    const isAlone = mark && line.trim() === comment
    if (!mark) kept.push(line)
    else if (isTaken(ring)) {
      if (!isAlone) kept.push(line.slice(0, -comment.length).trimEnd())
    } else if (isAlone) at = findEnd(lines, at + 1)
  }
  return kept.join('\n')
}

/** The last line of the statement that begins here: what is indented further belongs to it, and what closes it. */
function findEnd(lines: string[], start: number): number {
  let first = start
  while (/^\s*(\/\/|\/\*|\*|--|#)/.test(lines[first] ?? '')) first++
  if (!lines[first]?.trim()) throw new Error(`a mark that marks nothing, in line ${start}`)
  let end = first
  for (let at = first + 1; at < lines.length; at++) {
    const [line = '', deeper] = [lines[at], indentOf(lines[at]) - indentOf(lines[first])]
    if (deeper > 0 || (deeper === 0 && /^\s*[)}\]]/.test(line))) end = at
    else if (line.trim()) break
  }
  // The empty line after it.
  return lines[end + 1] === '' && lines[start - 2] === '' ? end + 1 : end
}

function indentOf(line = ''): number {
  return line.trim() ? line.length - line.trimStart().length : -1
}
