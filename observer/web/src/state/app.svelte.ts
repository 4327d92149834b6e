// The page's one model: what is known (history), where one looks (a time), and how (view, layout, selection). Views read
// it; `tick` says that the world they read is another one. It changes at most a few times a second.

import { flushSync } from 'svelte'
import { api, ApiError } from '../api/client.ts'
import { Stream, type StreamState } from '../api/stream.ts'
import type { Transfers } from '../api/transfers.ts'
import type { Domino } from '../model/domino.ts'
import { Stretch } from '../model/history.ts'
import { linkKey, type Event, type Link, type Meta, type Node, type Update } from '../model/types.ts'
import { World } from '../model/world.ts'
import { byNumber } from '../model/stats.ts'
import type { LayoutName } from '../graph/keeper.ts'
import type { LinkColour, NodeColour } from '../graph/style.ts'
import { Courier } from './courier.ts'
import { Failures } from './failures.svelte.ts'
import { keep, read } from './kept.ts'
import { readHash, writeHash } from './permalink.ts'
import { Reel } from './reel.ts'
import { Twin } from './twin.svelte.ts'

export type View = 'graph' | 'map' | 'table' | 'series' | 'spread' | 'race' | 'compare'
export const views: { id: View; label: string; key: string }[] = [
  { id: 'graph', label: 'Graph', key: '1' }, { id: 'map', label: 'Map', key: '2' }, { id: 'table', label: 'Table', key: '3' },
  { id: 'series', label: 'Series', key: '4' }, { id: 'spread', label: 'Spread', key: '5' }, { id: 'race', label: 'Race', key: '6' },
  { id: 'compare', label: 'Compare', key: '7' },
]
export const speeds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60]

/** How often views hear of new data at most; if showing them takes long, a share of the time at most (SHARE). */
const TICK_MS = 200, SHARE = 4
const LIVE_KEEP = 1800 // seconds of live history in the page; the observer has more

export class App {
  meta = $state.raw<Meta | undefined>()
  problem = $state<string | undefined>()
  login = $state(false)
  stream = $state<StreamState>('connecting')
  retryAt = $state(0)
  dropped = $state(0)
  tick = $state(0)
  t = $state(0)
  begin = $state(0)
  end = $state(0)
  following = $state(true)
  playing = $state(false)
  speed = $state(1)
  loading = $state(false)

  view = $state<View>('graph')
  layout = $state<LayoutName>('force')
  world = $state<'world' | 'america'>('world')
  app = $state<string | undefined>()
  link = $state<LinkColour>('utilisation')
  node = $state<NodeColour>('group')
  root = $state<number | undefined>()
  query = $state('')
  group = $state<string | undefined>()
  flow = $state(true)
  /** Links that carry no data are shown too. */
  idle = $state(false)
  messages = $state(true)
  theme = $state<'dark' | 'light'>('dark')
  calm = $state(false)

  selection = $state.raw<ReadonlySet<number>>(new Set())
  chosenLink = $state<string | undefined>()
  hover = $state<number | undefined>()
  figure = $state('in')
  pinned = $state.raw<string[]>([])
  dialog = $state<'help' | 'export' | undefined>()
  toast = $state.raw<{ text: string; kind: 'good' | 'bad' | 'plain' } | undefined>()
  said = $state('')
  freshEvents = $state(0)
  private named = $state(0)

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
  private toastTimer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    const q = readHash()
    const one = <T extends string>(v: string | undefined, of: readonly T[], or: T): T => (of.includes(v as T) ? (v as T) : or)
    this.view = one(q.view, views.map((v) => v.id), 'graph')
    this.layout = one(q.layout, ['force', 'tree', 'dag', 'chain', 'hops', 'latency'] as const, 'force')
    this.world = one(q.map, ['world', 'america'] as const, 'world')
    this.link = one(q.link, ['utilisation', 'loss', 'rtt', 'queue'] as const, 'utilisation')
    this.node = one(q.node, ['group', 'load', 'progress'] as const, 'group')
    this.app = q.app
    this.query = q.q ?? ''
    this.idle = q.idle === 'yes'
    this.group = q.group
    this.figure = q.figure ?? 'in'
    if (q.root !== undefined && Number.isFinite(Number(q.root))) this.root = Number(q.root)
    if (q.sel) this.selection = new Set(q.sel.split('.').map(Number).filter(Number.isInteger))
    if (q.pin) this.pinned = q.pin.split('.')
    this.chosenLink = q.edge
    const kept = read('theme')
    this.theme = one(q.theme ?? kept ?? undefined, ['dark', 'light'] as const, matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark')
    const calm = matchMedia('(prefers-reduced-motion: reduce)')
    this.calm = calm.matches
    calm.onchange = () => { this.calm = calm.matches }
    this.flow = read('flow') !== 'no'
  }

  /** The world as it is looked at. Read `tick` to be told when it is another. */
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
    const q = readHash()
    const at = q.t !== undefined && Number.isFinite(Number(q.t)) ? Number(q.t) : undefined
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
    if (readHash().view === undefined) this.view = 'compare'
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

  name(i: number | undefined): string {
    if (i === undefined) return '?'
    void this.named
    const n = this.now.nodes.get(i)
    return n?.name ?? n?.id ?? `#${i}`
  }

  linkName(key: string): string {
    const [f, t] = key.split('-').map(Number)
    return `${this.name(f)} → ${this.name(t)}`
  }

  /** Nodes that the search and the group leave, or undefined if neither says anything. */
  matches(): Set<number> | undefined {
    const q = this.query.trim().toLowerCase()
    if (q === '' && this.group === undefined) return undefined
    const out = new Set<number>()
    for (const n of this.now.nodes.values()) {
      if (this.group !== undefined && (n.group ?? '') !== this.group) continue
      if (q === '' || `${n.name ?? ''} ${n.id ?? ''} ${n.group ?? ''} ${n.place?.label ?? ''} ${n.algorithm ?? ''} ${n.up === false ? 'down' : 'up'}`.toLowerCase().includes(q)) out.add(n.i)
    }
    return out
  }

  apps(): string[] {
    return this.once('apps', (s) => {
      for (const n of this.now.nodes.values()) for (const a in n.apps) s.add(a)
      for (const l of this.now.links.values()) for (const a in l.apps) s.add(a)
    }, byNumber)
  }

  groups(): string[] {
    return this.once('groups', (s) => { for (const n of this.now.nodes.values()) if (n.group !== undefined) s.add(n.group) })
  }

  private readonly made = new Map<string, { world: World; tick: number; list: string[] }>()

  /** A list that several views want of every world, made once for each. */
  private once(name: string, add: (to: Set<string>) => void, order?: (a: string, b: string) => number): string[] {
    const had = this.made.get(name)
    if (had && had.world === this.now && had.tick === this.tick) return had.list
    const s = new Set<string>()
    add(s)
    const list = [...s].sort(order)
    this.made.set(name, { world: this.now, tick: this.tick, list })
    return list
  }

  linksOf(i: number): { out: Link[]; in: Link[] } {
    const out: Link[] = [], into: Link[] = []
    for (const l of this.now.links.values()) {
      if (l.f === i) out.push(l)
      else if (l.t === i) into.push(l)
    }
    return { out, in: into }
  }

  chosen(): Node | undefined {
    return this.selection.size === 1 ? this.now.nodes.get([...this.selection][0]!) : undefined
  }

  may(action: string): boolean {
    return this.live && !this.meta?.readOnly && (this.meta?.control === undefined || this.meta.control.includes(action))
  }

  pin(key: string): void {
    this.pinned = this.pinned.includes(key) ? this.pinned.filter((k) => k !== key) : [...this.pinned, key].slice(-8)
  }

  // --- words

  tell(text: string, kind: 'good' | 'bad' | 'plain' = 'plain'): void {
    this.toast = { text, kind }
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => { this.toast = undefined }, kind === 'bad' ? 8000 : 4000)
  }

  /** For screen readers. */
  say(text: string): void { this.said = text }

  setTheme(t: 'dark' | 'light'): void {
    this.theme = t
    keep('theme', t)
  }

  setFlow(on: boolean): void {
    this.flow = on
    keep('flow', on ? 'yes' : 'no')
  }

  permalink(): void {
    writeHash({
      view: this.view === 'graph' ? undefined : this.view,
      layout: this.layout === 'force' ? undefined : this.layout,
      map: this.world === 'world' ? undefined : this.world,
      link: this.link === 'utilisation' ? undefined : this.link,
      node: this.node === 'group' ? undefined : this.node,
      idle: this.idle ? 'yes' : undefined,
      app: this.app, q: this.query, group: this.group,
      figure: this.figure === 'in' ? undefined : this.figure,
      root: this.root?.toString(),
      sel: [...this.selection].slice(0, 50).join('.'),
      edge: this.chosenLink, pin: this.pinned.join('.'),
      t: this.following || this.playing || !this.meta ? undefined : this.t.toFixed(3),
    })
  }
}

export const app = new App()
export { linkKey }
