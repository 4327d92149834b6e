// Events in order of time, each once, whatever they came by: the stream, a stretch of history, or a question.

import type { Event } from './types.ts'

const KEEP = 50_000

const same = (a: Event, b: Event): boolean =>
  a.t === b.t && a.kind === b.kind && a.node === b.node && a.peer === b.peer && a.app === b.app && a.text === b.text

export class EventLog {
  readonly all: Event[] = []
  /** How many were forgotten because there were more than are kept. */
  forgotten = 0

  add(events: Event[] | undefined | null): Event[] {
    const fresh: Event[] = []
    for (const e of events ?? []) {
      let k = this.count(e.t)
      let known = false
      for (let j = k - 1; j >= 0 && this.all[j]!.t === e.t; j--) {
        if (same(this.all[j]!, e)) {
          known = true
          break
        }
      }
      if (known) continue
      if (k === this.all.length) this.all.push(e)
      else this.all.splice(k, 0, e)
      fresh.push(e)
    }
    const over = this.all.length - KEEP
    if (over > KEEP / 10) {
      this.all.splice(0, over)
      this.forgotten += over
    }
    return fresh
  }

  /** How many have t <= the time. */
  count(t: number): number {
    let lo = 0, hi = this.all.length
    while (lo < hi) {
      const mid = (lo + hi) >>> 1
      if (this.all[mid]!.t <= t) lo = mid + 1
      else hi = mid
    }
    return lo
  }

  /** Those from a time on, in order. */
  since(t: number): Event[] {
    let k = this.count(t)
    while (k > 0 && this.all[k - 1]!.t === t) k--
    return this.all.slice(k)
  }
}
