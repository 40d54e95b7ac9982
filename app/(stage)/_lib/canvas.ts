const COLORS = ['paper', 'ink', 'muted', 'line', 'accent', 'good', 'bad'] as const

/** The colours and the type of the page as they are now, by day or by night. */
export type Inks = Record<(typeof COLORS)[number] | 'font', string>

/**
 * Keeps a canvas as sharp as the screen, and has it drawn anew with each new size and at nightfall, until the returned
 * function is called.
 * @param scaleOf how large a px of the drawing is, in CSS px, in a canvas of this height
 * @param draw is told how wide the drawing may be, in its own px
 */
export function keepSharp(
  canvas: HTMLCanvasElement,
  scaleOf: (height: number) => number,
  draw: (inks: Inks, width: number) => void,
): () => void {
  const night = window.matchMedia('(prefers-color-scheme: dark)')

  function fit(): void {
    const { width, height } = canvas.getBoundingClientRect()
    const ratio = window.devicePixelRatio
    const scale = scaleOf(height)
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    canvas.getContext('2d')?.scale(ratio * scale, ratio * scale)
    draw(readInks(canvas), width / scale)
  }

  const observer = new ResizeObserver(fit)
  observer.observe(canvas)
  night.addEventListener('change', fit)
  return () => {
    observer.disconnect()
    night.removeEventListener('change', fit)
  }
}

function readInks(element: Element): Inks {
  const style = getComputedStyle(element)
  const colors = COLORS.map((name) => [name, style.getPropertyValue(`--${name}`)])
  return { ...Object.fromEntries(colors), font: style.fontFamily }
}
