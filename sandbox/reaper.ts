/*
 * Outlives the runner by a moment. Even a runner that is killed by `kill -9` loses its connection to this process,
 * and that is the sign to end what the runner can no longer end.
 */
import type { Ward } from './guard'
import { signalGroup } from './processes'

const wards = new Map<number, Ward>()

process.on('message', (ward: Ward) => {
  if (ward.signal) wards.set(ward.pid, ward)
  else wards.delete(ward.pid)
})

process.on('disconnect', () => {
  // The database was first to come and is last to go.
  for (const { pid, signal } of [...wards.values()].reverse()) if (signal) signalGroup(pid, signal)
  process.exit()
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
