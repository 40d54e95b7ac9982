/** Marks the runner's own requests to the app, so that the log can leave them out. */
export const OURS = 'warm-up'

export function isOurVisit(line: string): boolean {
  return line.includes(`?${OURS} `)
}
