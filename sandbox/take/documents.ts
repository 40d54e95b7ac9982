import path from 'node:path'

/**
 * Leaves out what is about a ring: rows, list items and paragraphs with one of its words, and headings with nothing below.
 * @param exists whether a path, relative to the project, is in the copy. A link to another is replaced by its words.
 */
export function trimDocument(
  file: string,
  text: string,
  isAboutRing: (block: string) => boolean,
  exists: (file: string) => boolean,
): string {
  const pieces =
    text.match(
      /^```[\s\S]*?^```\n|^(?:- |\d+\. ).*\n(?: +\S.*\n)*|^[|#].*\n|^\n|(?:^(?!```|- |\d+\. |[|#]|\n).*\n)+|^.*\n/gm,
    ) ?? []
  const kept = pieces.filter((piece) => !isAboutRing(piece) && !isUnproven(piece, exists))
  return kept
    .filter((piece, index) => !isEmptySection(piece, kept.slice(index + 1)))
    .join('')
    .replace(/\[([^\]]+)\]\(([^)#]*)(#[^)]*)?\)/g, (link, words, to) => {
      const isHere = !to || to.startsWith('http') || exists(path.posix.join(path.posix.dirname(file), to))
      return isHere ? link : words
    })
    .replace(/\n{3,}/g, '\n\n')
}

/** A promise whose test stays behind. */
function isUnproven(row: string, exists: (file: string) => boolean): boolean {
  const [, proof = ''] = /^\|.*\| ([^|]+) \|$/m.exec(row) ?? []
  const specs = [...proof.matchAll(/`([\w/-]+)` ·/g)].map(([, name]) => name)
  return specs.some((name) => !exists(`e2e/faults/${name}.spec.ts`) && !exists(`e2e/${name}.spec.ts`))
}

function isEmptySection(piece: string, rest: string[]): boolean {
  const next = rest.find((other) => other.trim())
  const [level = ''] = /^#+(?= )/.exec(piece) ?? []
  const [nextLevel = ''] = /^#+(?= )/.exec(next ?? '') ?? []
  return level !== '' && (next === undefined || (nextLevel !== '' && nextLevel.length <= level.length))
}
