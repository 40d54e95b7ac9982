import { hostname } from 'node:os'

/** What operators know this process by. */
export const PROCESS_NAME = `${process.pid}@${hostname()}`
