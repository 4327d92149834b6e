// The past of one overlay as far as the page has it, where one looks in it, and how more of it is fetched: a recording,
// its twin, or what a live observer remembers.

import type { Past } from '../api/client.ts'
import { EventLog } from '../model/events.ts'
import { Cursor, History, Stretch } from '../model/history.ts'
import type { Update } from '../model/types.ts'
import type { World } from '../model/world.ts'

/** Updates that are fetched ahead of a recording. */
const BUDGET = 120_000
/** Stretches that are kept; the oldest question is forgotten first. */
const KEPT = 12
/** Seconds that are fetched at once around a time that was asked for. */
const AROUND = 30

export interface ReelHearer {
  /** Another world is looked at. */
  changed(): void
  /** More is known: events, or what a stretch covers. */
  grown(): void
  loading(on: boolean): void
  failed(text: string): void
}

export class Reel {
  readonly history = new History()
  readonly events = new EventLog()
  readonly cursor = new Cursor()
  begin = 0
  end = 0
  /** The stretch that a live overlay goes on with. */
  tail: Stretch | undefined
  busy = false
  extending = false
  private seeking: AbortController | undefined
  private readonly past: Past
  private readonly hearer: ReelHearer

  constructor(past: Past, hearer: ReelHearer) {
    this.past = past
    this.hearer = hearer
  }

  get world(): World { return this.cursor.world }

  private async stretch(t: number, signal?: AbortSignal): Promise<Stretch> {
    const s = new Stretch({ ...(await this.past.snapshot(t, signal)), full: true })
    // A snapshot as of a time is known to hold at that time, though nothing may have happened then.
    s.begin = Math.min(s.begin, t)
    s.end = Math.max(s.end, t)
    return s
  }

  private loading(on: boolean): void {
    this.busy = on
    this.hearer.loading(on)
  }

  /** Begins with what stood at a time, and goes on with what follows. Throws what the server says. */
  async load(t: number): Promise<void> {
    this.loading(true)
    try {
      const s = await this.stretch(t)
      this.history.add(s)
      this.tail = undefined
      this.go(t)
      void this.extend(s, BUDGET)
    } finally {
      this.loading(false)
    }
  }

  private push(s: Stretch, updates: Update[] | null): void {
    for (const u of updates ?? []) {
      s.push(u)
      this.events.add(u.events)
    }
  }

  /** Fetches what follows a stretch, page by page. */
  async extend(s: Stretch, budget: number): Promise<void> {
    if (this.extending) return
    this.extending = true
    try {
      let from = s.end
      while (from < this.end && s.updates.length < budget) {
        const r = await this.past.updates(from, this.end)
        this.push(s, r.updates)
        const to = r.next !== undefined && r.next > from ? r.next : this.end
        s.end = Math.max(s.end, to)
        from = to
        this.hearer.grown()
      }
    } catch (e) {
      this.hearer.failed((e as Error).message)
    } finally {
      this.extending = false
    }
  }

  /** Moves to a time, if all of it is known. */
  go(t: number): boolean {
    const s = this.history.find(t)
    if (!s) return false
    if (this.cursor.move(s, t)) this.hearer.changed()
    return true
  }

  /** Asks for a time that is not in the page. Only the last one that was asked for counts. */
  async fetch(t: number, now: () => number): Promise<void> {
    this.seeking?.abort()
    const a = new AbortController()
    this.seeking = a
    this.loading(true)
    try {
      const s = await this.stretch(t, a.signal)
      const r = await this.past.updates(t, Math.min(this.end, t + AROUND), a.signal)
      this.push(s, r.updates)
      s.end = Math.max(s.end, Math.min(r.next ?? t + AROUND, this.end))
      this.history.add(s)
      const all = this.history.stretches
      while (all.length > KEPT) all.splice(all[0] === this.tail ? 1 : 0, 1)
      if (!a.signal.aborted) this.go(now())
    } catch (e) {
      if ((e as Error).name !== 'AbortError') this.hearer.failed((e as Error).message)
    } finally {
      if (this.seeking === a) this.loading(false)
    }
  }

  /** While it plays: the next of what is known runs out in time to ask for more. */
  ahead(t: number): void {
    const s = this.history.find(t)
    if (s && s !== this.tail && s.end - t < 20 && s.end < this.end && !this.extending) void this.extend(s, s.updates.length + 5000)
  }
}
