/** A job of whatever queue was given up. That is logged for all dead letters (see worker/work.ts): here is nothing to do. */
export default async function takeDeadLetter(): Promise<void> {}
