/** Counts stop here, so that a backlog does not make them slow. */
export const MAX_COUNTED = 10_000
