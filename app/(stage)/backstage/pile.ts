import { QUEUE_DOTS } from '@/app/(stage)/_lib/queue-dots'
import { MAX_COUNTED } from '@/lib/db/max-counted'

export type Waiting = { waiting: number; retrying: number }

/** The time for two thirds of the way to a new height. */
const EASE_MS = 250

/** A queue that is too long for dots: two layers, whose height shows how many jobs wait. */
export class Pile {
  /** The numbers as they are drawn. */
  readonly shown: Waiting = { waiting: 0, retrying: 0 }
  private target: Waiting = { waiting: 0, retrying: 0 }

  set({ waiting, retrying }: Waiting): void {
    const isLong = waiting + retrying > QUEUE_DOTS
    this.target = isLong ? { waiting, retrying } : { waiting: 0, retrying: 0 }
  }

  /** Moves on by some ms, and returns whether there is more to come. */
  step(ms: number): boolean {
    const share = 1 - Math.exp(-ms / EASE_MS)
    let busy = false
    for (const layer of ['waiting', 'retrying'] as const) {
      const rest = this.target[layer] - this.shown[layer]
      this.shown[layer] = Math.abs(rest) < 1 ? this.target[layer] : this.shown[layer] + rest * share
      busy ||= this.shown[layer] !== this.target[layer]
    }
    return busy
  }

  /** The share of the queue's room that it takes. It is not linear, so that 400 is visible beside 10,000. */
  get share(): number {
    return Math.sqrt(Math.min(this.shown.waiting + this.shown.retrying, MAX_COUNTED) / MAX_COUNTED)
  }
}
