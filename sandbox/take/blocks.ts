import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The blocks of a document in these languages. */
export function readBlocks(document: string, ...languages: string[]): string[] {
  const blocks = document.matchAll(/^```(\w+)\n(.*?)^```/gms)
  return [...blocks].flatMap(([, language = '', code = '']) => (languages.includes(language) ? code : []))
}

/** The section below a heading, without the sections below it. */
export function readSection(document: string, heading: string): string {
  return document.split(/^##+ /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
}

/** Changes files as a block of diffs says. Lines that stay lead to the place. @throws when a line is not there */
export async function applyDiffs(folder: string, block: string): Promise<void> {
  for (const part of block.split(/^--- /m).slice(1)) {
    const [file = '', ...changes] = part.trimEnd().split('\n')
    const lines = (await readFile(path.join(folder, file), 'utf8')).split('\n')
    let at = 0
    for (const change of changes) {
      const line = change.slice(1)
      if (change.startsWith('+')) {
        lines.splice(at++, 0, line)
        continue
      }
      at = lines.indexOf(line)
      if (at < 0) throw new Error(`${file} has no line "${line}"`)
      if (change.startsWith('-')) lines.splice(at, 1)
      else at++
    }
    await writeFile(path.join(folder, file), lines.join('\n'))
  }
}
