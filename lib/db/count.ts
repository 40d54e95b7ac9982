/** Counting ends here, so that no backlog makes it slow: where a count may be this high, it means "so many or more". */
export const MOST = 10_000
