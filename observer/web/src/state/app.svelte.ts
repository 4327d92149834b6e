// The page's one model: what is known (history), where one looks (a time), and how (view, layout, selection). Views read
// it; `tick` says that the world they read is another one. It changes at most a few times a second.

import { api, ApiError } from '../api/client.ts'
import { Stream, type StreamState } from '../api/stream.ts'
import { Stretch } from '../model/history.ts'
import { linkKey, type Event, type Update } from '../model/types.ts'
import { Clock } from './clock.svelte.ts'
import { views } from './look.svelte.ts'
import { Recorder } from './recorder.svelte.ts'
import { Twin } from './twin.svelte.ts'

export { views, speeds, type View } from './look.svelte.ts'

const LIVE_KEEP = 1800 // seconds of live history in the page; the observer has more

export class App extends Clock {
  problem = $state<string | undefined>()
  login = $state(false)
  stream = $state<StreamState>('connecting')
  retryAt = $state(0)
  dropped = $state(0)
  readonly recorder = new Recorder(api)
  private conn: Stream | undefined
  private gap = false

  /** Views that there are. */
  get views() { return this.twin ? views : views.filter((v) => v.id !== 'compare') }

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
    if (m.twin) await this.pair().catch((e: unknown) => this.tell(`The second recording cannot be shown: ${(e as Error).message}`, 'bad'))
    if (!this.twin && this.view === 'compare') this.view = 'graph'
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
        // Two that are compared are wanted whole, for what they did over time.
        const from = this.twin ? this.begin : Math.min(this.t, this.reel.end)
        await Promise.all([this.reel.load(from), this.twin?.load(from)])
        if (from !== this.t) this.seek(this.t)
      } catch (e) {
        this.tell((e as Error).message, 'bad')
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
