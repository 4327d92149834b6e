// The failure whose domino is shown: the last one, until it has been seen, or one that somebody asked for.

import type { Past } from '../api/client.ts'
import { domino, DOMINO_WINDOW, startsDomino, type Domino } from '../model/domino.ts'
import type { Event } from '../model/types.ts'
import { World } from '../model/world.ts'
import type { Reel } from './reel.ts'

/** Milliseconds for which a failure that nobody asked for is shown. */
const SHOWN_MS = 9000

export class Failures {
  shown = $state.raw<Domino | undefined>()
  /** When it began to be shown, by performance.now(). */
  at = 0
  /** Somebody asked for it. */
  held = $state(false)
  private readonly reel: Reel
  private readonly past: Past
  /** Seconds before a failure at which what it fed was last reported. */
  private readonly before: () => number
  private readonly say: (text: string) => void
  private readonly failed: (text: string) => void

  constructor(reel: Reel, past: Past, before: () => number, say: (text: string) => void, failed: (text: string) => void) {
    this.reel = reel
    this.past = past
    this.before = before
    this.say = say
    this.failed = failed
  }

  /** Shows the domino of the last failure among new events, and keeps it up to date while it runs. */
  watch(events: Event[], t: number): void {
    for (const e of events) {
      if (!startsDomino(e)) continue
      const d = this.shown
      // What another failure set off is no failure of its own.
      if (d && e.t - d.origin.t <= DOMINO_WINDOW && (d.origin.node === e.node || d.hits.some((h) => h.node === e.node))) continue
      if (this.held) continue
      this.show(e, false)
    }
    const d = this.shown
    if (d && t - d.origin.t <= DOMINO_WINDOW + 1) this.show(d.origin, this.held, true)
  }

  show(e: Event, hold: boolean, again = false): void {
    // Whom it fed is what was reported a poll or two before: one that ends in order closes its links before it is gone.
    const t = e.t - Math.max(0.2, this.before())
    const s = this.reel.history.find(t) ?? this.reel.history.find(e.t)
    if (s) return this.set(e, s.at(Math.max(s.begin, t)).world, hold, again)
    // It was before the page was opened.
    void this.past.snapshot(Math.max(this.reel.begin, t)).then((u) => {
      const w = new World()
      w.apply({ ...u, full: true })
      this.set(e, w, hold, again)
    }).catch((err: unknown) => this.failed((err as Error).message))
  }

  private set(e: Event, before: World, hold: boolean, again: boolean): void {
    const d = domino(e, before, this.reel.events.since(e.t))
    this.shown = d
    if (!again) {
      this.at = performance.now()
      this.say(`${before.nodes.get(e.node!)?.name ?? `node ${e.node}`}: ${e.kind}; ${d.hits.length} nodes hit`)
    }
    this.held = hold
  }

  /** Forgets one that nobody asked for when it has been seen. */
  fade(ms: number): void {
    if (!this.held && this.shown && ms - this.at > SHOWN_MS) this.shown = undefined
  }

  /** Somebody looks at another time. */
  leave(): void {
    if (!this.held) this.shown = undefined
  }

  clear(): void {
    this.shown = undefined
    this.held = false
  }
}
