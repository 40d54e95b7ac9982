import type { Reporter, Suite } from '@playwright/test/reporter'

/** Ends a run with one plain line for people and machines: `12 passed, 0 failed`. */
export default class Summary implements Reporter {
  private suite?: Suite

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  async onExit(): Promise<void> {
    const outcomes = this.suite?.allTests().map((test) => test.outcome()) ?? []
    const count = (...wanted: string[]) => outcomes.filter((outcome) => wanted.includes(outcome)).length
    const skipped = count('skipped')
    const end = skipped > 0 ? `, ${skipped} skipped` : ''
    console.log(`\n${count('expected', 'flaky')} passed, ${count('unexpected')} failed${end}`)
  }
}
