/*
 * Ends the runner's processes when the runner dies. Its connection to this process closes even after a `kill -9`.
 */
import type { Ward } from './guard'
import { signalGroup } from './processes'

const wards = new Map<number, Ward>()

process.on('message', (ward: Ward) => {
  if (ward.signal) wards.set(ward.pid, ward)
  else wards.delete(ward.pid)
})

process.on('disconnect', () => {
  // In reverse order, so that the database ends last.
  for (const { pid, signal } of [...wards.values()].reverse()) if (signal) signalGroup(pid, signal)
  process.exit()
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
