// What is known of the past: stretches of time without a gap, each begun by a full picture and followed by updates,
// with a checkpoint every so many updates so that going back costs no more than going forward.

import { World } from './world.ts'
import type { Update } from './types.ts'

const CHECKPOINT_EVERY = 64

/** A stretch of time of which every update is known: begin <= t <= end. */
export class Stretch {
  readonly updates: Update[] = []
  /** What all nodes receive, bytes a second, at the times at which it changed. */
  readonly totals: { t: number[]; v: number[] } = { t: [], v: [] }
  private readonly checkpoints: { at: number; world: World }[] = []
  begin: number
  end: number
  private readonly head = new World()
  private sum = 0

  constructor(full: Update) {
    this.head.apply(full)
    this.begin = full.t
    this.end = full.t
    this.checkpoints.push({ at: 0, world: this.head.clone() })
    for (const n of this.head.nodes.values()) this.sum += n.in ?? 0
    this.total(full.t)
  }

  private total(t: number): void {
    this.totals.t.push(t)
    this.totals.v.push(Math.max(0, this.sum))
  }

  /** Adds what happened next. Updates that are older than the end are refused: the past does not change. */
  push(u: Update): boolean {
    if (u.t < this.end) return false
    const before = this.sum
    if (u.full) this.sum = 0
    for (const n of u.nodes ?? []) if ('in' in n) this.sum += (n.in ?? 0) - (u.full ? 0 : (this.head.nodes.get(n.i)?.in ?? 0))
    this.head.apply(u)
    if (this.sum !== before) this.total(u.t)
    this.updates.push(u)
    this.end = u.t
    if (this.updates.length % CHECKPOINT_EVERY === 0) this.checkpoints.push({ at: this.updates.length, world: this.head.clone() })
    return true
  }

  /** The newest world; the caller must not change it. */
  get newest(): World { return this.head }

  /** How many updates have t <= the time. */
  count(t: number): number {
    let lo = 0, hi = this.updates.length
    while (lo < hi) {
      const mid = (lo + hi) >>> 1
      if (this.updates[mid]!.t <= t) lo = mid + 1
      else hi = mid
    }
    return lo
  }

  /** The time of the nearest update after or before a time, if there is one. */
  beside(t: number, dir: 1 | -1): number | undefined {
    if (dir > 0) return this.updates[this.count(t + 1e-9)]?.t
    let k = this.count(t)
    while (k > 0 && this.updates[k - 1]!.t >= t - 1e-9) k--
    return this.updates[k - 1]?.t
  }

  /** A new world as of the time, and how many updates are in it. */
  at(t: number): { world: World; applied: number } {
    const n = this.count(t)
    let lo = 0, hi = this.checkpoints.length - 1
    while (lo < hi) {
      const mid = (lo + hi + 1) >>> 1
      if (this.checkpoints[mid]!.at <= n) lo = mid
      else hi = mid - 1
    }
    const from = this.checkpoints[lo]!
    const world = from.world.clone()
    for (let k = from.at; k < n; k++) world.apply(this.updates[k]!)
    return { world, applied: n }
  }

  /** Forgets what is older than the time, at a checkpoint, so that a page may stay open for weeks. */
  forget(before: number): void {
    let keep = 0
    for (let k = 1; k < this.checkpoints.length; k++) if (this.checkpoints[k]!.world.t <= before) keep = k
    if (keep === 0) return
    const cut = this.checkpoints[keep]!.at
    this.begin = this.checkpoints[keep]!.world.t
    this.updates.splice(0, cut)
    this.checkpoints.splice(0, keep)
    for (const c of this.checkpoints) c.at -= cut
  }
}

/** Stretches in order of time that do not touch. */
export class History {
  readonly stretches: Stretch[] = []

  find(t: number): Stretch | undefined {
    return this.stretches.find((s) => s.begin <= t && t <= s.end)
  }

  add(s: Stretch): void {
    // What a new stretch covers wholly is dropped; it is the same, or older.
    for (let k = this.stretches.length - 1; k >= 0; k--) {
      const o = this.stretches[k]!
      if (o.begin >= s.begin && o.end <= s.end) this.stretches.splice(k, 1)
    }
    this.stretches.push(s)
    this.stretches.sort((a, b) => a.begin - b.begin)
  }
}

/** Where somebody looks: a world that goes forward cheaply and back by checkpoint. */
export class Cursor {
  private stretch: Stretch | undefined
  private applied = 0
  world = new World()

  /** Moves to the time within the stretch. Returns whether anything is different. */
  move(s: Stretch, t: number): boolean {
    const n = s.count(t)
    if (s === this.stretch && n >= this.applied) {
      const changed = n > this.applied
      for (let k = this.applied; k < n; k++) this.world.apply(s.updates[k]!)
      this.applied = n
      return changed
    }
    const r = s.at(t)
    this.world = r.world
    this.applied = r.applied
    this.stretch = s
    return true
  }

  /** Tells the cursor that the stretch has forgotten updates, so that its count is wrong. */
  reset(): void { this.stretch = undefined }
}
