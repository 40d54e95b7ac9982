/*
 * CLOCK_SHIFT_MS=7200000 node --import ./e2e/faults/shift-clock.mjs …
 *
 * Shifts the clock of one process. Timers and performance.now() go on as ever, as they do on a computer whose clock is wrong.
 */
const shift = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const { now } = Date
const { timeOrigin } = performance

globalThis.Date = new Proxy(Date, {
  get: (target, name, self) => (name === 'now' ? () => now() + shift : Reflect.get(target, name, self)),
  construct: (target, args, self) =>
    Reflect.construct(target, args.length > 0 ? args : [now() + shift], self),
  apply: () => new Date().toString(),
})
Object.defineProperty(performance, 'timeOrigin', { value: timeOrigin + shift })
