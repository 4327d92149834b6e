// When one looks: at what is now, at a time that stands still, or at one that plays; of this overlay and its twin alike.

import { flushSync } from 'svelte'
import { api } from '../api/client.ts'
import type { Transfers } from '../api/transfers.ts'
import type { Domino } from '../model/domino.ts'
import type { Meta } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { Courier } from './courier.ts'
import { Failures } from './failures.svelte.ts'
import { Known } from './known.svelte.ts'
import { Reel } from './reel.ts'
import type { Twin } from './twin.svelte.ts'

/** How often views hear of new data at most; if showing them takes long, a share of the time at most (SHARE). */
const TICK_MS = 200, SHARE = 4

export class Clock extends Known {
  meta = $state.raw<Meta | undefined>()
  t = $state(0)
  begin = $state(0)
  end = $state(0)
  following = $state(true)
  playing = $state(false)
  speed = $state(1)
  loading = $state(false)

  freshEvents = $state(0)

  readonly reel = new Reel(api, {
    changed: () => this.changed(),
    grown: () => { this.freshEvents++ },
    loading: (on) => { this.loading = on },
    failed: (text) => this.tell(text, 'bad'),
  })
  readonly failures = new Failures(this.reel, api, () => 2 * (this.live ? (this.meta?.poll ?? 0) : 0), (text) => this.say(text), (text) => this.tell(text, 'bad'))
  private readonly courier = new Courier(api)
  /** The recording beside this one, if there is one. */
  twin = $state.raw<Twin | undefined>()
  /** Views are to hear of another world. */
  protected dirty = false
  private known = 0
  private lastFrame = 0
  private lastTick = 0
  private cost = 0

  get now(): World { return this.following && this.reel.tail ? this.reel.tail.newest : this.reel.world }
  get live(): boolean { return this.meta?.mode === 'live' }
  get history() { return this.reel.history }
  get events() { return this.reel.events }
  get transfers(): Transfers | undefined { return this.courier.transfers }
  get domino(): Domino | undefined { return this.failures.shown }
  get dominoAt(): number { return this.failures.at }
  get dominoHeld(): boolean { return this.failures.held }

  private changed(): void {
    this.dirty = true
    if (this.now.nodes.size === this.known) return
    this.known = this.now.nodes.size
    this.named++
  }

  seek(t: number): void {
    t = Math.min(this.end, Math.max(this.begin, t))
    if (this.live && t >= this.end - 1e-9) {
      this.toLive()
      return
    }
    this.following = false
    this.t = t
    if (!this.go(t)) void this.reel.fetch(this.own(t), () => this.own(this.t))
    this.twin?.seek(t, () => this.t)
    this.failures.leave()
  }

  /** The time as this overlay has it, which may have ended before its twin. */
  private own(t: number): number { return Math.min(t, this.reel.end) }

  /** Moves to a time of which all is known. */
  private go(t: number): boolean {
    t = this.own(t)
    const was = this.reel.world.t
    if (!this.reel.go(t)) return false
    if (this.playing && t >= was && t - was < 2) {
      const fresh = this.events.all.slice(this.events.count(was), this.events.count(t))
      if (fresh.length > 0) this.failures.watch(fresh, this.t)
    }
    return true
  }

  toLive(): void {
    if (!this.live) return
    this.following = true
    this.playing = false
    this.t = this.end
    this.dirty = true
  }

  pause(): void {
    if (this.following) {
      this.following = false
      if (this.reel.tail) this.reel.cursor.move(this.reel.tail, this.end)
      this.dirty = true
    }
    this.playing = false
  }

  toggle(): void {
    if (this.following) this.pause()
    else if (this.playing) this.playing = false
    else {
      if (this.t >= this.end - 1e-9) {
        if (this.live) {
          this.toLive()
          return
        }
        this.seek(this.begin)
      }
      this.playing = true
    }
  }

  /** To the next or the one before of the moments at which something changed, here or in the twin. */
  step(dir: 1 | -1, many = 1): void {
    this.pause()
    const s = this.history.find(this.own(this.t)), o = this.twin?.stretch(this.t)
    if (!s) return this.seek(this.t + dir * 0.1 * many)
    let t = this.t
    for (let k = 0; k < many; k++) {
      const to = [s.beside(t, dir), o?.beside(t, dir)].filter((x) => x !== undefined)
      if (to.length === 0) {
        // Nothing more is known here: the end of what there is, or just before its beginning, which is then asked for.
        t = dir > 0 ? Math.max(s.end, o?.end ?? 0) : s.begin - (s.begin > this.begin ? 1e-3 : 0)
        break
      }
      t = dir > 0 ? Math.min(...to) : Math.max(...to)
    }
    this.seek(t)
  }

  /** Called once a frame. Reports whether the next one is to come at once. */
  frame(ms: number): boolean {
    const dt = Math.min(0.1, (ms - this.lastFrame) / 1000)
    this.lastFrame = ms
    if (this.playing && !this.following) {
      const t = Math.min(this.end, this.t + dt * this.speed)
      const ready = this.go(t), paired = this.twin?.go(t) ?? true
      if (ready && paired) this.t = t
      else if (!this.loading && !this.reel.extending && !this.twin?.extending) {
        if (!ready) void this.reel.fetch(this.own(t), () => this.own(this.t))
        if (!paired) this.twin?.seek(t, () => this.t)
      }
      this.reel.ahead(this.own(this.t))
      this.twin?.ahead(this.t)
      if (t >= this.end) {
        this.playing = false
        if (this.live) this.toLive()
      }
    }
    if (this.messages) {
      if (this.meta?.has?.transfers) this.courier.need(this.t, this.speed, this.begin, this.reel.end)
      if (this.view === 'compare') this.twin?.need(this.t, this.speed)
    }
    this.failures.fade(ms)
    if (this.dirty && ms - this.lastTick >= Math.max(TICK_MS, SHARE * this.cost)) {
      this.lastTick = ms
      this.dirty = false
      const began = performance.now()
      this.tick++
      flushSync()
      this.cost = performance.now() - began
    }
    return this.playing
  }
}
