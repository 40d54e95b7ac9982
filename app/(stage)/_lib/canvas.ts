const COLORS = ['paper', 'ink', 'muted', 'line', 'accent', 'good', 'bad'] as const

/** The colours and the font of the page in its present colour scheme. */
export type Inks = Record<(typeof COLORS)[number] | 'font', string>

/**
 * Keeps a canvas as sharp as the screen. It draws again when the size or the colour scheme changes, until the returned
 * function is called.
 * @param scaleOf returns the size of a px of the drawing, in CSS px, for a canvas of this height
 * @param draw gets the width of the drawing, in its own px
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
