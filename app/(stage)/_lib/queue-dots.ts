/** A queue that is longer has no dots: the picture shows an area. */
export const QUEUE_DOTS = 400
