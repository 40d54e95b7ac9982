// Zero-width characters, direction marks, soft hyphens, variation selectors, tags. Some blank letters (U+3164) are ignorable
// to Unicode, too, but show as a gap.
const INVISIBLE = /(?!\p{L})\p{Default_Ignorable_Code_Point}/gu

/** Some scripts join letters with these, also in domains: zero width joiner and non-joiner. */
export const JOINERS = /[\u200C\u200D]/gu

// What a reader cannot see at the ends: any white space (NBSP included), and blanks (U+2800 is one in Braille).
const BLANK =
  /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]+|[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800]+$/gu

/**
 * Takes off an address what its field does not show: addresses that are copied out of mails and documents bring such
 * characters along. What can be seen stays, and so do the joiners inside.
 */
export function toVisible(address: string): string {
  return address.replace(BLANK, '').replace(INVISIBLE, (mark) => (mark.match(JOINERS) ? mark : ''))
}
