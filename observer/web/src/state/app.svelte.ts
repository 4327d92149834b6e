// The page's one model: what is known (history), where one looks (a time), and how (view, layout, selection). Views read
// it; `tick` says that the world they read is another one. It changes at most a few times a second.

import { api, ApiError } from '../api/client.ts'
import { Stream, type StreamState } from '../api/stream.ts'
import { decodeTransfers, type Transfers } from '../api/transfers.ts'
import { domino, DOMINO_WINDOW, startsDomino, type Domino } from '../model/domino.ts'
import { EventLog } from '../model/events.ts'
import { Cursor, History, Stretch } from '../model/history.ts'
import { linkKey, type Event, type Link, type Meta, type Node, type Update } from '../model/types.ts'
import { World } from '../model/world.ts'
import { byNumber } from '../model/stats.ts'
import type { LayoutName } from '../graph/keeper.ts'
import type { LinkColour, NodeColour } from '../graph/style.ts'
import { readHash, writeHash } from './permalink.ts'

export type View = 'graph' | 'map' | 'table' | 'series' | 'spread' | 'race'
export const views: { id: View; label: string; key: string }[] = [
  { id: 'graph', label: 'Graph', key: '1' }, { id: 'map', label: 'Map', key: '2' }, { id: 'table', label: 'Table', key: '3' },
  { id: 'series', label: 'Series', key: '4' }, { id: 'spread', label: 'Spread', key: '5' }, { id: 'race', label: 'Race', key: '6' },
]
export const speeds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60]

const TICK_MS = 200
const PAGE_BUDGET = 120_000 // updates that are fetched ahead of a recording
const LIVE_KEEP = 1800 // seconds of live history in the page; the observer has more
const TRANSFERS_LIMIT = 4000

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
  domino = $state.raw<Domino | undefined>()
  dominoAt = 0
  dominoHeld = false
  freshEvents = $state(0)
  private named = $state(0)

  readonly history = new History()
  readonly events = new EventLog()
  readonly cursor = new Cursor()
  transfers: Transfers | undefined
  private transfersFrom = Infinity
  private transfersTo = -Infinity
  private transfersBusy = false
  private tail: Stretch | undefined
  private conn: Stream | undefined
  private lastFrame = 0
  private lastTick = 0
  private dirty = false
  private gap = false
  private known = 0
  private seeking: AbortController | undefined
  private extending = false
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
  get now(): World { return this.following && this.tail ? this.tail.newest : this.cursor.world }

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
    this.begin = m.begin ?? 0
    this.end = m.end ?? 0
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
      await this.recording(this.t)
      // A recording that is opened shows that it lives; a time that was asked for stands still.
      this.playing = at === undefined && !this.calm
    }
  }

  // --- what comes in

  private snapshot(u: Update): void {
    // A snapshot that was asked for (details of other nodes) goes on where the last update was; one after a gap does not.
    if (this.tail && !this.gap && u.t >= this.tail.end) this.tail.push(u)
    else {
      this.tail = new Stretch(u)
      this.history.add(this.tail)
    }
    this.gap = false
    this.named++
    this.end = u.t
    if (this.following) this.t = u.t
    this.take(u.events)
    this.dirty = true
  }

  private update(u: Update): void {
    if (!this.tail || !this.tail.push(u)) return
    this.end = u.t
    if (this.following) this.t = u.t
    if (u.full || u.nodes?.some((n) => n.name !== undefined || n.gone)) this.named++
    this.take(u.events)
    this.dirty = true
    if (this.tail.end - this.tail.begin > LIVE_KEEP * 1.2) {
      this.tail.forget(this.tail.end - LIVE_KEEP)
      this.cursor.reset()
    }
  }

  private take(events: Event[] | undefined): void {
    const fresh = this.events.add(events)
    if (fresh.length === 0) return
    this.freshEvents++
    if (this.following) this.watch(fresh)
  }

  private async someEvents(): Promise<void> {
    try {
      const r = await api.events({ limit: 50_000 })
      this.events.add(r.events)
      this.freshEvents++
    } catch { /* the stream brings those that matter */ }
  }

  /** Shows the domino of the last failure among the events, and keeps it up to date while it runs. */
  private watch(events: Event[]): void {
    for (const e of events) {
      if (!startsDomino(e)) continue
      const d = this.domino
      // What another failure set off is no failure of its own.
      if (d && e.t - d.origin.t <= DOMINO_WINDOW && (d.origin.node === e.node || d.hits.some((h) => h.node === e.node))) continue
      if (this.dominoHeld) continue
      this.showDomino(e, false)
    }
    const d = this.domino
    if (d && this.t - d.origin.t <= DOMINO_WINDOW + 1) this.showDomino(d.origin, this.dominoHeld, true)
  }

  showDomino(e: Event, hold: boolean, again = false): void {
    // Whom it fed is what was reported a poll or two before: one that ends in order closes its links before it is gone.
    const t = e.t - Math.max(0.2, 2 * (this.live ? (this.meta?.poll ?? 0) : 0))
    const s = this.history.find(t) ?? this.history.find(e.t)
    if (s) {
      this.setDomino(e, s.at(Math.max(s.begin, t)).world, hold, again)
      return
    }
    // It was before the page was opened.
    void api.snapshot(Math.max(this.begin, t)).then((u) => {
      const w = new World()
      w.apply({ ...u, full: true })
      this.setDomino(e, w, hold, again)
    }).catch((err: unknown) => this.tell((err as Error).message, 'bad'))
  }

  private setDomino(e: Event, before: World, hold: boolean, again: boolean): void {
    this.domino = domino(e, before, this.events.since(e.t))
    if (!again) {
      this.dominoAt = performance.now()
      const n = before.nodes.get(e.node!)
      this.say(`${n?.name ?? `node ${e.node}`}: ${e.kind}; ${this.domino.hits.length} nodes hit`)
    }
    this.dominoHeld = hold
  }

  clearDomino(): void {
    this.domino = undefined
    this.dominoHeld = false
  }

  // --- time

  private async recording(t: number): Promise<void> {
    this.loading = true
    try {
      const s = new Stretch({ ...(await api.snapshot(t)), full: true })
      // A snapshot as of a time is known to hold at that time, though nothing may have happened then.
      s.begin = Math.min(s.begin, t)
      s.end = Math.max(s.end, t)
      this.history.add(s)
      this.tail = undefined
      this.go(t)
      void this.extend(s, PAGE_BUDGET)
    } catch (e) {
      this.problem = (e as Error).message
    } finally {
      this.loading = false
    }
  }

  /** Fetches what follows a stretch, page by page. */
  private async extend(s: Stretch, budget: number): Promise<void> {
    if (this.extending) return
    this.extending = true
    try {
      let from = s.end
      while (from < this.end && s.updates.length < budget) {
        const r = await api.updates(from, this.end)
        for (const u of r.updates ?? []) {
          s.push(u)
          this.events.add(u.events)
        }
        const to = r.next !== undefined && r.next > from ? r.next : this.end
        s.end = Math.max(s.end, to)
        from = to
        this.freshEvents++
      }
    } catch (e) {
      this.tell((e as Error).message, 'bad')
    } finally {
      this.extending = false
    }
  }

  seek(t: number): void {
    t = Math.min(this.end, Math.max(this.begin, t))
    if (this.live && t >= this.end - 1e-9) {
      this.toLive()
      return
    }
    this.following = false
    this.t = t
    if (!this.go(t)) void this.fetch(t)
    if (!this.dominoHeld) this.domino = undefined
  }

  /** Moves to a time of which all is known. */
  private go(t: number): boolean {
    const s = this.history.find(t)
    if (!s) return false
    const back = t < this.cursor.world.t
    const was = this.cursor.world.t
    if (this.cursor.move(s, t)) {
      this.dirty = true
      if (this.cursor.world.nodes.size !== this.known) {
        this.known = this.cursor.world.nodes.size
        this.named++
      }
    }
    if (this.playing && !back && t - was < 2) {
      const k = this.events.count(was)
      const fresh = this.events.all.slice(k, this.events.count(t))
      if (fresh.length > 0) this.watch(fresh)
    }
    return true
  }

  /** Asks the observer for a time that is not in the page. Only the last one that was asked for counts. */
  private async fetch(t: number): Promise<void> {
    this.seeking?.abort()
    const a = new AbortController()
    this.seeking = a
    this.loading = true
    try {
      const s = new Stretch({ ...(await api.snapshot(t, a.signal)), full: true })
      s.begin = Math.min(s.begin, t)
      s.end = Math.max(s.end, t)
      const r = await api.updates(t, Math.min(this.end, t + 30), a.signal)
      for (const u of r.updates ?? []) s.push(u)
      s.end = Math.max(s.end, Math.min(r.next ?? t + 30, this.end))
      this.history.add(s)
      while (this.history.stretches.length > 12) this.history.stretches.splice(this.history.stretches[0] === this.tail ? 1 : 0, 1)
      if (!a.signal.aborted) this.go(this.t)
    } catch (e) {
      if ((e as Error).name !== 'AbortError') this.tell((e as Error).message, 'bad')
    } finally {
      if (this.seeking === a) this.loading = false
    }
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
      if (this.tail) this.cursor.move(this.tail, this.end)
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

  /** To the next or the one before of the moments at which something changed. */
  step(dir: 1 | -1, many = 1): void {
    this.pause()
    const s = this.history.find(this.t)
    if (!s) return this.seek(this.t + dir * 0.1 * many)
    let k = s.count(this.t)
    if (dir > 0) k = Math.min(s.updates.length - 1, k - 1 + many)
    else {
      while (k > 0 && s.updates[k - 1]!.t >= this.t - 1e-9) k--
      k = k - many
    }
    const u = s.updates[k]
    this.seek(u ? u.t : dir > 0 ? s.end : s.begin - (s.begin > this.begin ? 1e-3 : 0))
  }

  /** Called once a frame. */
  frame(ms: number): void {
    const dt = Math.min(0.1, (ms - this.lastFrame) / 1000)
    this.lastFrame = ms
    if (this.playing && !this.following) {
      const t = Math.min(this.end, this.t + dt * this.speed)
      if (this.go(t)) this.t = t
      else if (!this.loading && !this.extending) void this.fetch(t)
      const s = this.history.find(this.t)
      if (s && s !== this.tail && s.end - this.t < 20 && s.end < this.end && !this.extending) void this.extend(s, s.updates.length + 5000)
      if (t >= this.end) {
        this.playing = false
        if (this.live) this.toLive()
      }
    }
    if (this.meta?.has?.transfers && this.messages) this.needTransfers()
    if (!this.dominoHeld && this.domino && ms - this.dominoAt > 9000) this.domino = undefined
    if (this.dirty && ms - this.lastTick >= TICK_MS) {
      this.lastTick = ms
      this.dirty = false
      this.tick++
    }
  }

  private needTransfers(): void {
    const ahead = Math.max(0.5, this.speed * 1.5)
    if (this.transfersBusy || (this.t >= this.transfersFrom && this.t + ahead / 3 <= this.transfersTo)) return
    if (this.t >= this.transfersFrom && this.transfersTo >= this.end) return
    this.transfersBusy = true
    const from = Math.max(this.begin, this.t - 0.5), to = Math.min(this.end, this.t + ahead)
    void api.transfers(from, to, TRANSFERS_LIMIT).then((b) => {
      this.transfers = decodeTransfers(b)
      this.transfersFrom = from
      // An answer that was cut is good as far as it goes.
      const n = this.transfers.n
      this.transfersTo = this.transfers.total > n && n > 0 ? this.transfers.left[n - 1]! : to
    }).catch(() => {
      this.transfersFrom = from
      this.transfersTo = to
    }).finally(() => { this.transfersBusy = false })
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
    const s = new Set<string>()
    for (const n of this.now.nodes.values()) for (const a of Object.keys(n.apps ?? {})) s.add(a)
    for (const l of this.now.links.values()) for (const a of Object.keys(l.apps ?? {})) s.add(a)
    return [...s].sort(byNumber)
  }

  groups(): string[] {
    const s = new Set<string>()
    for (const n of this.now.nodes.values()) if (n.group !== undefined) s.add(n.group)
    return [...s].sort()
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

function read(key: string): string | null {
  try {
    return localStorage.getItem(`ioverlay.${key}`)
  } catch {
    return null // a browser that keeps nothing
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`ioverlay.${key}`, value)
  } catch { /* it is only forgotten at the next visit */ }
}

export const app = new App()
export { linkKey }
