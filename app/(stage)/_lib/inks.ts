const COLORS = ['paper', 'sheet', 'ink', 'muted', 'line', 'accent', 'good', 'bad'] as const

export type Inks = Record<(typeof COLORS)[number] | 'font', string>

/** For a canvas: the colours and the type of the page as they are now, by day or by night. */
export function readInks(element: Element): Inks {
  const style = getComputedStyle(element)
  const colors = COLORS.map((name) => [name, style.getPropertyValue(`--${name}`)])
  return { ...Object.fromEntries(colors), font: style.fontFamily }
}
