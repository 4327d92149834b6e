// Single transfers of messages around the time that is looked at, fetched a little ahead of it.

import type { Past } from '../api/client.ts'
import { decodeTransfers, type Transfers } from '../api/transfers.ts'

const LIMIT = 4000

export class Courier {
  transfers: Transfers | undefined
  private from = Infinity
  private to = -Infinity
  private busy = false
  private readonly past: Past
  private readonly turn: (t: Transfers) => Transfers

  /** `turn` gives what came the indices that the page has for nodes. */
  constructor(past: Past, turn: (t: Transfers) => Transfers = (t) => t) {
    this.past = past
    this.turn = turn
  }

  /** Called with every frame; asks when what there is runs out. */
  need(t: number, speed: number, begin: number, end: number): void {
    const ahead = Math.max(0.5, speed * 1.5)
    if (this.busy || (t >= this.from && t + ahead / 3 <= this.to)) return
    if (t >= this.from && this.to >= end) return
    this.busy = true
    const from = Math.max(begin, t - 0.5), to = Math.min(end, t + ahead)
    void this.past.transfers(from, to, LIMIT).then((b) => {
      this.transfers = this.turn(decodeTransfers(b))
      this.from = from
      // An answer that was cut is good as far as it goes.
      const n = this.transfers.n
      this.to = this.transfers.total > n && n > 0 ? this.transfers.left[n - 1]! : to
    }).catch(() => {
      this.from = from
      this.to = to
    }).finally(() => { this.busy = false })
  }
}
