/** A longer queue is drawn as an area and not as dots. */
export const QUEUE_DOTS = 400
