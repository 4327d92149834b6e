// Keeps nodes where people found them. A node that comes is put beside its neighbours, a node that goes leaves its
// place empty, and nobody else moves; the whole is laid out anew only when it is asked for, or while a picture is still
// so young that most of it is new. Every move is a short glide, or none for people who prefer less motion.

import { chain, dag, GAP, tree, type Positions, type Topology, type XY } from './layouts.ts'
import { hops, latency } from './rings.ts'
import type { ForceAnswer, ForceAsk } from './force.worker.ts'
import type { Box } from './camera.ts'

export type LayoutName = 'force' | 'tree' | 'dag' | 'chain' | 'hops' | 'latency' | 'map'
const plain = { tree, dag, chain, hops, latency }
const GLIDE = 550

export class Keeper {
  /** What is drawn. */
  readonly now: Positions = new Map()
  private readonly from: Positions = new Map()
  private readonly target: Positions = new Map()
  private started = -1
  private readonly pinned = new Set<number>()
  private worker: Worker | undefined
  private ask = 0
  private laidNodes = new Set<number>()
  private laidLinks = new Set<string>()
  private busy = false
  calm = false
  /** Rises whenever nodes stand elsewhere, for all graphs that share a layout. */
  moves = 0
  private readonly hearers = new Set<() => void>()

  /** Who is called when nodes begin to glide to another layout. */
  onchange(f: () => void): void { this.hearers.add(f) }
  deaf(f: () => void): void { this.hearers.delete(f) }

  /** Puts those that are new somewhere, and lays out the whole if most of it is new. Returns whether it did the latter. */
  sync(kind: LayoutName, t: Topology, places: (i: number) => XY | undefined): boolean {
    if (kind === 'map') {
      for (const i of t.ids) {
        const p = places(i)
        if (p && !this.pinned.has(i)) this.set(i, p)
        else if (!this.now.has(i)) this.set(i, { x: 0, y: 0 })
      }
      const fresh = this.laidNodes.size === 0 && t.ids.length > 0
      this.laidNodes = new Set(t.ids)
      return fresh
    }
    const freshNodes = t.ids.filter((i) => !this.laidNodes.has(i))
    const freshLinks = t.links.reduce((n, [f, g]) => n + (this.laidLinks.has(`${f}-${g}`) ? 0 : 1), 0)
    const young = freshNodes.length > 0.3 * t.ids.length || (freshLinks > 0.5 * t.links.length && freshLinks > 2)
    if (t.ids.length > 0 && young && this.pinned.size === 0 && !this.busy) {
      this.layout(kind, t)
      return true
    }
    const lost = freshNodes.filter((i) => !this.now.has(i))
    if (lost.length > 0) {
      const near = new Map<number, number[]>()
      for (const [f, g] of t.links) {
        near.set(f, [...(near.get(f) ?? []), g])
        near.set(g, [...(near.get(g) ?? []), f])
      }
      for (const i of lost) this.set(i, this.besides(near.get(i) ?? []))
    }
    return false
  }

  /** How much of the picture came after it was laid out, 0..1. */
  stale(t: Topology): number {
    if (t.links.length === 0) return 0
    return t.links.reduce((n, [f, g]) => n + (this.laidLinks.has(`${f}-${g}`) ? 0 : 1), 0) / t.links.length
  }

  /** Lays out the whole. */
  layout(kind: LayoutName, t: Topology, forget = false): void {
    if (forget) this.pinned.clear()
    this.laidNodes = new Set(t.ids)
    this.laidLinks = new Set(t.links.map(([f, g]) => `${f}-${g}`))
    if (kind === 'map') return
    if (kind === 'force') {
      this.force(t)
      return
    }
    this.glide(plain[kind](t))
  }

  /** Forgets the layout, so that the next sync makes a new one. */
  reset(): void {
    this.laidNodes = new Set()
    this.laidLinks = new Set()
    this.pinned.clear()
  }

  /** Moves one node by hand; it stays there until the whole is laid out anew. */
  drag(i: number, p: XY): void {
    this.pinned.add(i)
    this.set(i, p)
  }

  /** Goes on gliding. Returns whether it is still under way. */
  step(ms: number): boolean {
    if (this.started < 0) return false
    const k = this.calm ? 1 : Math.min(1, (ms - this.started) / GLIDE)
    const e = k < 0.5 ? 4 * k * k * k : 1 - (-2 * k + 2) ** 3 / 2
    for (const [i, to] of this.target) {
      const from = this.from.get(i) ?? to
      this.now.set(i, { x: from.x + (to.x - from.x) * e, y: from.y + (to.y - from.y) * e })
    }
    if (k >= 1) this.started = -1
    this.moves++
    return true
  }

  /** The box around where nodes are, or will be when they have glided there. */
  box(ids: Iterable<number>): Box | undefined {
    const b = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity }
    for (const i of ids) {
      const p = (this.started >= 0 ? this.target.get(i) : undefined) ?? this.now.get(i)
      if (!p) continue
      b.x0 = Math.min(b.x0, p.x)
      b.x1 = Math.max(b.x1, p.x)
      b.y0 = Math.min(b.y0, p.y)
      b.y1 = Math.max(b.y1, p.y)
    }
    return Number.isFinite(b.x0) ? b : undefined
  }

  close(): void { this.worker?.terminate() }

  private set(i: number, p: XY): void {
    this.moves++
    this.now.set(i, p)
    this.target.set(i, p)
    this.from.set(i, p)
  }

  private glide(to: Positions): void {
    for (const [i, p] of to) {
      if (this.pinned.has(i)) continue
      this.from.set(i, this.now.get(i) ?? p)
      if (!this.now.has(i)) this.now.set(i, p)
      this.target.set(i, p)
    }
    this.started = performance.now()
    for (const f of this.hearers) f()
  }

  private force(t: Topology): void {
    this.worker ??= this.start()
    const warm = t.ids.every((i) => this.now.has(i))
    // Somewhere to start from that does not depend on chance: the tree, which is near to what comes out for most.
    const start = warm ? this.now : tree(t)
    this.busy = true
    const ask: ForceAsk = {
      ask: ++this.ask, ids: t.ids, links: t.links, gap: GAP, warm: false,
      x: t.ids.map((i) => start.get(i)!.x), y: t.ids.map((i) => start.get(i)!.y),
    }
    this.asked = t.ids
    if (!warm) for (const i of t.ids) if (!this.now.has(i)) this.set(i, start.get(i)!)
    this.worker.postMessage(ask)
  }

  private asked: number[] = []

  private start(): Worker {
    const w = new Worker(new URL('./force.worker.ts', import.meta.url), { type: 'module' })
    w.onmessage = (e: MessageEvent<ForceAnswer>) => {
      if (e.data.ask !== this.ask) return
      this.busy = false
      this.glide(new Map(this.asked.map((i, k) => [i, { x: e.data.x[k]!, y: e.data.y[k]! }])))
    }
    return w
  }

  /** A free spot near neighbours, or below all if there are none. */
  private besides(near: number[]): XY {
    const known = near.map((i) => this.now.get(i)).filter((p) => p !== undefined)
    let cx: number, cy: number
    if (known.length > 0) {
      cx = known.reduce((s, p) => s + p.x, 0) / known.length
      cy = known.reduce((s, p) => s + p.y, 0) / known.length + GAP * 0.8
    } else {
      const b = this.box(this.now.keys())
      if (!b) return { x: 0, y: 0 }
      cx = (b.x0 + b.x1) / 2
      cy = b.y1 + GAP
    }
    // A golden-angle spiral: the first spot that nobody is near to.
    for (let k = 0; k < 400; k++) {
      const r = GAP * 0.42 * Math.sqrt(k), a = k * 2.39996
      const x = cx + r * Math.cos(a), y = cy + r * Math.sin(a)
      let free = true
      for (const p of this.now.values()) {
        if (Math.abs(p.x - x) < GAP * 0.55 && Math.abs(p.y - y) < GAP * 0.55) {
          free = false
          break
        }
      }
      if (free) return { x, y }
    }
    return { x: cx, y: cy }
  }
}
