/** Does nothing: worker/work.ts logs all dead letters. */
export default async function acknowledgeDeadLetter(): Promise<void> {}
