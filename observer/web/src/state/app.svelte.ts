// The page's one model: what is known (history), where one looks (a time), and how (view, layout, selection). Views read
// it; `tick` says that the world they read is another one. It changes at most a few times a second.

import { flushSync } from 'svelte'
import { api, ApiError } from '../api/client.ts'
import { Stream, type StreamState } from '../api/stream.ts'
import type { Transfers } from '../api/transfers.ts'
import type { Domino } from '../model/domino.ts'
import { Stretch } from '../model/history.ts'
import { linkKey, type Event, type Meta, type Update } from '../model/types.ts'
import { World } from '../model/world.ts'
import { Courier } from './courier.ts'
import { Failures } from './failures.svelte.ts'
import { Known } from './known.svelte.ts'
import { views } from './look.svelte.ts'
import { Reel } from './reel.ts'
import { Twin } from './twin.svelte.ts'

export { views, speeds, type View } from './look.svelte.ts'

/** How often views hear of new data at most; if showing them takes long, a share of the time at most (SHARE). */
const TICK_MS = 200, SHARE = 4
const LIVE_KEEP = 1800 // seconds of live history in the page; the observer has more

export class App extends Known {
  meta = $state.raw<Meta | undefined>()
  problem = $state<string | undefined>()
  login = $state(false)
  stream = $state<StreamState>('connecting')
  retryAt = $state(0)
  dropped = $state(0)
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
  private conn: Stream | undefined
  private lastFrame = 0
  private lastTick = 0
  private cost = 0
  private dirty = false
  private gap = false
  private known = 0

  get now(): World { return this.following && this.reel.tail ? this.reel.tail.newest : this.reel.world }
  get history() { return this.reel.history }
  get events() { return this.reel.events }
  get transfers(): Transfers | undefined { return this.courier.transfers }
  get domino(): Domino | undefined { return this.failures.shown }
  get dominoAt(): number { return this.failures.at }
  get dominoHeld(): boolean { return this.failures.held }
  /** Views that there are. */
  get views() { return this.twin ? views : views.filter((v) => v.id !== 'compare') }

  get live(): boolean { return this.meta?.mode === 'live' }

  async start(): Promise<void> {
    try {
      this.meta = await api.meta()
      this.login = false
      this.problem = undefined
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) this.login = true
      else {
        this.problem = (e as Error).message
        setTimeout(() => void this.start(), 2000)
      }
      return
    }
    const m = this.meta
    document.title = m.title ? `${m.title} · iOverlay` : 'iOverlay observer'
    this.begin = this.reel.begin = m.begin ?? 0
    this.end = this.reel.end = m.end ?? 0
    if (m.twin) await this.pair()
    else if (this.view === 'compare') this.view = 'graph'
    const at = this.asked.t !== undefined && Number.isFinite(Number(this.asked.t)) ? Number(this.asked.t) : undefined
    void this.someEvents()
    if (m.mode === 'live') {
      this.following = at === undefined
      this.conn = new Stream({
        snapshot: (u) => this.snapshot(u),
        update: (u) => this.update(u),
        dropped: (n) => {
          this.dropped += n
          this.gap = true
        },
        state: (s, wait) => {
          this.stream = s
          if (s === 'lost') this.gap = true
          this.retryAt = wait === undefined ? 0 : performance.now() + wait * 1000
        },
      })
      this.detail()
      if (at !== undefined) this.seek(at)
    } else {
      this.following = false
      this.stream = 'open'
      this.t = at ?? this.begin
      try {
        await Promise.all([this.reel.load(Math.min(this.t, this.reel.end)), this.twin?.load(this.t)])
      } catch (e) {
        this.problem = (e as Error).message
      }
      // A recording that is opened shows that it lives; a time that was asked for stands still.
      this.playing = at === undefined && !this.calm
    }
  }

  /** Opens what is shown beside this, by the same clock. */
  private async pair(): Promise<void> {
    const names = await api.snapshot()
    const twin = new Twin(names.nodes ?? [], { changed: () => { this.dirty = true }, grown: () => { this.freshEvents++ }, loading: (on) => { this.loading = on }, failed: (text) => this.tell(text, 'bad') })
    await twin.open()
    this.end = Math.max(this.end, twin.end)
    this.twin = twin
    this.home = 'compare'
    if (this.asked.view === undefined) this.view = 'compare'
  }

  // --- what comes in

  private snapshot(u: Update): void {
    const r = this.reel
    // A snapshot that was asked for (details of other nodes) goes on where the last update was; one after a gap does not.
    if (r.tail && !this.gap && u.t >= r.tail.end) r.tail.push(u)
    else {
      r.tail = new Stretch(u)
      r.history.add(r.tail)
    }
    this.gap = false
    this.named++
    this.came(u)
  }

  private update(u: Update): void {
    const tail = this.reel.tail
    if (!tail || !tail.push(u)) return
    if (u.full || u.nodes?.some((n) => n.name !== undefined || n.gone)) this.named++
    this.came(u)
    if (tail.end - tail.begin > LIVE_KEEP * 1.2) {
      tail.forget(tail.end - LIVE_KEEP)
      this.reel.cursor.reset()
    }
  }

  private came(u: Update): void {
    this.end = this.reel.end = u.t
    if (this.following) this.t = u.t
    this.dirty = true
    const fresh = this.events.add(u.events)
    if (fresh.length === 0) return
    this.freshEvents++
    if (this.following) this.failures.watch(fresh, this.t)
  }

  private async someEvents(): Promise<void> {
    try {
      const r = await api.events({ limit: 50_000 })
      this.events.add(r.events)
      this.freshEvents++
    } catch { /* the stream brings those that matter */ }
  }

  showDomino(e: Event, hold: boolean): void { this.failures.show(e, hold) }
  clearDomino(): void { this.failures.clear() }

  // --- time

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

  // --- what is chosen

  select(nodes: Iterable<number>, add = false): void {
    const next = new Set(add ? this.selection : [])
    for (const i of nodes) {
      if (add && next.has(i)) next.delete(i)
      else next.add(i)
    }
    this.selection = next
    this.chosenLink = undefined
    this.detail()
    if (next.size === 1) {
      const n = this.now.nodes.get([...next][0]!)
      this.say(n ? `${this.name(n.i)} selected, ${n.up === false ? 'down' : 'up'}` : '')
    } else if (next.size > 1) this.say(`${next.size} nodes selected`)
  }

  selectLink(key: string): void {
    this.selection = new Set()
    this.chosenLink = key
    this.say(`link ${this.linkName(key)} selected`)
  }

  clear(): void {
    this.selection = new Set()
    this.chosenLink = undefined
    this.clearDomino()
    this.detail()
  }

  /** Process, figures and algorithm status come only for nodes that are named: those that are selected, or all while a
   * view shows such a figure of all. */
  detail(): void {
    const all = this.view === 'spread' || (this.view === 'table' && this.now.nodes.size <= 2000)
    this.conn?.setDetail(all ? [...this.now.nodes.keys()] : [...this.selection].filter((i) => i >= 0))
  }

  may(action: string): boolean {
    return this.live && !this.meta?.readOnly && (this.meta?.control === undefined || this.meta.control.includes(action))
  }

  permalink(): void { this.write(this.following || this.playing || !this.meta ? undefined : this.t) }
}

export const app = new App()
export { linkKey }
