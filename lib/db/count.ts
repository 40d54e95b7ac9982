/** Counts stop here, so that a backlog does not make them slow. */
export const MOST = 10_000
