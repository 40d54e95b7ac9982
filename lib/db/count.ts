/** Counts stop here, so that a backlog does not make them slow. A count of 10,000 means 10,000 or more. */
export const MOST = 10_000
