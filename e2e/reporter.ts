import type { Reporter, Suite, TestCase } from '@playwright/test/reporter'

/**
 * Ends a run with two plain lines for people and machines: how many faults were tried in how many worlds, and
 * `12 passed, 0 failed`. A world is an installation that a test may hurt.
 */
export default class Summary implements Reporter {
  private suite?: Suite

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  async onExit(): Promise<void> {
    const tests = this.suite?.allTests() ?? []
    const count = (...wanted: string[]) => tests.filter((test) => wanted.includes(test.outcome())).length
    const hasLong = this.suite?.suites.some(({ title }) => title === 'long')
    if (tests.length > 0 && !hasLong) console.log('\nWithout the long tests: npm run test:long runs them.')
    const skipped = count('skipped')
    const end = skipped > 0 ? `, ${skipped} skipped` : ''
    const hurting = tests.filter((test) => listNotes(test, 'world').length > 0)
    if (hurting.length > 0) {
      const worlds = new Set(hurting.flatMap((test) => listNotes(test, 'world')))
      // A test is about one fault, unless it says more.
      const faults = hurting.reduce((sum, test) => sum + (listNotes(test, 'fault').length || 1), 0)
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
      console.log(`\n${faults} faults in ${worlds.size} worlds, in the time of ${timeZone}`)
    }
    console.log(`\n${count('expected', 'flaky')} passed, ${count('unexpected')} failed${end}`)
  }
}

/** Returns the notes of this type that a test has made about itself while it ran. */
function listNotes({ results }: TestCase, type: string): string[] {
  const notes = results.at(-1)?.annotations ?? []
  return notes.flatMap((note) => (note.type === type ? [note.description ?? ''] : []))
}
