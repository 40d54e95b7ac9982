/** Some scripts need joiners (200C, 200D) inside a word. Hangul fillers are letters, and look like spaces. */
const WORD =
  /(?!\p{Default_Ignorable_Code_Point})\p{L}((?!\p{Default_Ignorable_Code_Point})\p{L}|[\p{M}\u200C\u200D])*/u

const MAX_LENGTH = 30

/** Returns the first word of a name, or "Friend" when it has no letters. */
export function toFirstWord(name: string): string {
  const [word = 'Friend'] = WORD.exec(name) ?? []
  return [...new Intl.Segmenter().segment(word)]
    .slice(0, MAX_LENGTH)
    .map(({ segment }) => segment)
    .join('')
}
