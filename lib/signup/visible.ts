// Zero-width characters, direction marks, soft hyphens, tags. Ignorable letters (U+3164) stay: they show as a gap.
const INVISIBLE = /(?!\p{L})\p{Default_Ignorable_Code_Point}/gu

/** Zero width joiner and non-joiner, which some scripts need in domains. */
export const JOINERS = /[\u200C\u200D]/gu

// The lookbehind lets a run of blanks be read once, and not again from each of its characters.
const BLANK =
  /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]+|(?<![\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800])[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]+$/gu

/** Removes the invisible characters of a copied address, except joiners inside. */
export function stripInvisible(address: string): string {
  return address.replace(BLANK, '').replace(INVISIBLE, (mark) => (mark.match(JOINERS) ? mark : ''))
}
