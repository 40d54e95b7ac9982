/*
 * npm run test:doors [-- TIMES]
 *
 * Attacks a web server TIMES (10,000) times each with upgrades, with what Next makes up of a path, with made-up cookies and with
 * signups of an address that is taken: from one visitor, and from the visitors of a /48. It says what that cost, and
 * whether others could sign up meanwhile.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readArguments } from '../../lib/ops/arguments'
import { newAddress, postSignup } from '../app'
import { countStatements } from '../faults/statements'
import { signUpOwner } from '../owner'
import { findPort, startStack } from '../stack'
import { type Flood, NAMES, type Statuses } from './flood'
import { readNumber } from './read-number'

const USAGE = 'npm run test:doors [-- TIMES]'
const { positionals } = readArguments(USAGE, {}, ({ length }) => length <= 1)
const TIMES = readNumber(USAGE, 'TIMES', positionals[0] ?? '10000')

const stack = await startStack('doors')
const gate = await countStatements(stack.databaseUrl)
const port = await findPort()
// The limits are those of production.
const production = { RESEND_API_KEY: 're_production', TRUSTED_HOPS: '1', APP_URL: `http://localhost:${port}` }
const web = await stack.startWeb({ port, env: { ...production, DATABASE_URL: gate.databaseUrl } })
await fetch(`${web.url}/api/health`)
const owner = await signUpOwner(stack.appUrl)
const attacker = fork(path.resolve('e2e/maintenance/flood.ts'), { execArgv: ['--import', 'tsx'] })

const countDescriptors = (): number => readdirSync(`/proc/${web.pid}/fd`).length

/** Signs up strangers from elsewhere until it is stopped. @returns how long it took each, and what went wrong */
function signUpOthers(): () => Promise<{ ms: number[]; failures: number[] }> {
  let isOpen = true
  const ms: number[] = []
  const failures: number[] = []
  const others = (async () => {
    while (isOpen) {
      const start = performance.now()
      const from = `10.${100 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 250)}.1`
      const { status } = await postSignup(
        { name: 'Ada', email: newAddress() },
        { 'x-forwarded-for': from },
        web.url,
      )
      if (status !== 201) failures.push(status)
      ms.push(performance.now() - start)
      // Fewer than LIMIT_SIGNUPS_PER_MINUTE, which counts them all together.
      await sleep(250)
    }
  })()
  return async () => {
    isOpen = false
    await others
    return { ms: ms.sort((a, b) => a - b), failures }
  }
}

/** Begins a request that never ends. @returns how many seconds it was kept */
async function dawdle(text: string): Promise<number> {
  const start = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  await once(socket.resume(), 'close')
  return (performance.now() - start) / 1000
}

const dawdlers = Promise.all([
  dawdle('GET / HTTP/1.1\r\nHost: x\r\n'),
  dawdle('POST /api/none HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx'),
])

const first = gate.count()
const before = signUpOthers()
await sleep(3_000)
const quiet = await before()
const median = (ms: number[]): string => `${ms[ms.length >> 1]?.toFixed()} ms`
const each = (gate.count() - first) / quiet.ms.length
console.log(
  `Signups on a quiet server: ${median(quiet.ms)} at the median, ${each.toFixed(1)} statements with BEGIN and COMMIT.\n`,
)
let stranger = 0
for (const attack of NAMES) {
  for (const from of ['one visitor', 'a /48'] as const) {
    stranger++
    const descriptors = countDescriptors()
    const lines = web.output().split('\n').length
    const statements = gate.count()
    const others = signUpOthers()
    const start = performance.now()
    attacker.send({ port, attack, from, stranger, times: TIMES, owner } satisfies Flood)
    const [statuses] = (await once(attacker, 'message')) as [Statuses]
    const seconds = (performance.now() - start) / 1000
    const { ms, failures } = await others()
    const used = gate.count() - statements
    await sleep(500)
    console.log(`${attack}, ${TIMES} times from ${from} in ${seconds.toFixed(1)} s`)
    console.log(`  answers      ${JSON.stringify(statuses)}`)
    console.log(`  descriptors  ${descriptors} before, ${countDescriptors()} after`)
    console.log(`  statements   ${used}, with those of ${ms.length} signups of others`)
    console.log(`  log lines    ${web.output().split('\n').length - lines}, one of them for each of those`)
    console.log(
      `  others       ${median(ms)} at the median, ${ms.at(-1)?.toFixed()} at most; refused: ${failures.length} (${[...new Set(failures)]})`,
    )
  }
}
const kept = await dawdlers
console.log(`A head that never ended was kept for ${kept[0].toFixed()} s, a body for ${kept[1].toFixed()} s.`)
gate.close()
attacker.disconnect()
await stack.stop()
process.exit()
