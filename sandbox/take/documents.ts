import path from 'node:path'

const MAINTENANCE = 'e2e/maintenance'
/** The scripts of that folder, where the last cell of a row names them as a proof. */
const REHEARSALS = /(?:[,;] )?`(?:production|soak)`(?= \|$)/m

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
  const proven = pieces.map((piece) => (exists(MAINTENANCE) ? piece : piece.replace(REHEARSALS, '')))
  const kept = proven.filter((piece) => !isAboutRing(piece) && !isUnproven(piece, exists))
  return kept
    .filter((piece, index) => !isEmptySection(piece, kept.slice(index + 1)))
    .join('')
    .replace(/\[([^\]]+)\]\(([^)#]*)(#[^)]*)?\)/g, (link, words, to) => {
      const isHere = !to || to.startsWith('http') || exists(path.posix.join(path.posix.dirname(file), to))
      return isHere ? link : words
    })
    .replace(/\n{3,}/g, '\n\n')
}

/** A promise whose test stays behind, in a row or in a paragraph of its own. */
function isUnproven(piece: string, exists: (file: string) => boolean): boolean {
  const [, proof] = /^\|.*\| ([^|]*) \|$/m.exec(piece) ?? []
  if (proof === '') return true
  const named = [...(proof ?? '').matchAll(/`([\w/-]+)` ·/g)].map(([, name]) => `${name}.spec.ts`)
  const linked = [...piece.matchAll(/\]\([./]*e2e\/([\w/-]+\.spec\.ts)\)/g)].map(([, name]) => name)
  return [...named, ...linked].some((spec) => !exists(`e2e/faults/${spec}`) && !exists(`e2e/${spec}`))
}

function isEmptySection(piece: string, rest: string[]): boolean {
  const next = rest.find((other) => other.trim())
  const [level = ''] = /^#+(?= )/.exec(piece) ?? []
  const [nextLevel = ''] = /^#+(?= )/.exec(next ?? '') ?? []
  return level !== '' && (next === undefined || (nextLevel !== '' && nextLevel.length <= level.length))
}
