/*
 * Loaded before a program (node --import): shifts its clock by the milliseconds in the file CLOCK_SHIFT, which a test may
 * change while the program runs. The program then writes what it has read into a file beside it. Timers and
 * `performance.now()` stay as they are, as after a step of a real clock.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const file = process.env.CLOCK_SHIFT ?? ''
const RealDate = Date
let shiftMs = 0

function readShift() {
  const wanted = Number(readFileSync(file, 'utf8'))
  if (wanted !== shiftMs) writeFileSync(`${file}.seen`, `${wanted}`)
  shiftMs = wanted
}

if (file) {
  readShift()
  setInterval(readShift, 50).unref()
  const now = () => RealDate.now() + shiftMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  })
}
