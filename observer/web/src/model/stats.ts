// Distributions of any figure of nodes.

import type { World } from './world.ts'
import { carries, type Node, type State } from './types.ts'

export interface Figure {
  id: string
  label: string
  unit: 'rate' | 'bytes' | 'count' | 'ratio' | 'time'
  of(n: Node, w: World): number | undefined
  /** Whether a node counts that does not have it yet: shares are of all of these. Without it, of those that have it. */
  among?(n: Node, w: World): boolean
}

/** Links that nodes send data on, by node; kept while the world is the same one at the same time. */
const degrees = new WeakMap<World, { t: number; links: number; by: Map<string, Map<number, number>> }>()

function degree(w: World, app = ''): Map<number, number> {
  let kept = degrees.get(w)
  if (!kept || kept.t !== w.t || kept.links !== w.links.size) degrees.set(w, (kept = { t: w.t, links: w.links.size, by: new Map() }))
  let m = kept.by.get(app)
  if (!m) {
    kept.by.set(app, (m = new Map()))
    for (const l of w.links.values()) if (carries(l) && (app === '' || l.apps?.[app] !== undefined)) m.set(l.f, (m.get(l.f) ?? 0) + 1)
  }
  return m
}

/** How many links a node sends data on: the paper's node stress, of one application or of all. */
export const stress = (n: Node, w: World, app?: string): number => degree(w, app).get(n.i) ?? 0

/** Figures that nodes have now: those of every node, then of applications, metrics and states. */
export function figures(w: World): Figure[] {
  const out: Figure[] = [
    { id: 'in', label: 'Receives', unit: 'rate', of: (n) => n.in },
    { id: 'out', label: 'Sends', unit: 'rate', of: (n) => n.out },
    { id: 'stress', label: 'Stress: links it sends on', unit: 'count', of: (n, world) => stress(n, world) },
    { id: 'queued', label: 'Bytes queued', unit: 'bytes', of: (n) => n.queued?.bytes },
    { id: 'lost', label: 'Messages lost', unit: 'count', of: (n) => n.lost && (n.lost.out?.[0] ?? 0) + (n.lost.in?.[0] ?? 0) },
    { id: 'held', label: 'Messages held', unit: 'count', of: (n) => n.held },
    { id: 'cpu', label: 'Processor: cores', unit: 'count', of: (n) => n.process?.cpu },
    { id: 'rss', label: 'Resident memory', unit: 'bytes', of: (n) => n.process?.rss },
    { id: 'up', label: 'Up since', unit: 'time', of: (n) => (n.up ? n.since : undefined) },
  ]
  const apps = new Set<string>(), metrics = new Set<string>(), states = new Set<string>()
  for (const n of w.nodes.values()) {
    for (const a of Object.keys(n.apps ?? {})) apps.add(a)
    for (const m of Object.keys(n.metrics ?? {})) metrics.add(m)
  }
  for (const s of w.states.values()) for (const name of Object.keys(s)) states.add(name)
  for (const a of [...apps].sort(byNumber)) {
    out.push({ id: `app.${a}.in`, label: `Session ${a}: receives`, unit: 'rate', of: (n) => n.apps?.[a]?.in })
    out.push({ id: `app.${a}.delivered`, label: `Session ${a}: messages delivered`, unit: 'count', of: (n) => n.apps?.[a]?.delivered })
    out.push({ id: `app.${a}.stress`, label: `Session ${a}: stress`, unit: 'count', of: (n, world) => (n.apps?.[a] ? stress(n, world, a) : undefined) })
  }
  for (const m of [...metrics].sort()) out.push({ id: `metric.${m}`, label: m, unit: 'count', of: (n) => n.metrics?.[m] })
  for (const s of [...states].sort()) {
    out.push({ id: `state.${s}`, label: `State ${s}: value`, unit: 'count', of: (n, world) => numeric(world.states.get(n.i)?.[s]?.value) })
    // Completion times are of all that are on the way: those that are not done yet have none, and keep the line below 1.
    out.push({ id: `done.${s}`, label: `State ${s}: when it was complete`, unit: 'time', of: (n, world) => complete(world.states.get(n.i)?.[s]), among: (n, world) => world.states.get(n.i)?.[s]?.of !== undefined })
    out.push({ id: `when.${s}`, label: `State ${s}: when it was last reached`, unit: 'time', of: (n, world) => world.states.get(n.i)?.[s]?.t })
  }
  return out.filter((f) => { for (const n of w.nodes.values()) if (f.of(n, w) !== undefined) return true; return false })
}

const complete = (s: State | undefined): number | undefined => (s?.of !== undefined && typeof s.value === 'number' && s.value >= s.of ? s.t : undefined)
const numeric = (v: number | string | undefined): number | undefined => (typeof v === 'number' ? v : undefined)
export const byNumber = (a: string, b: string): number => Number(a) - Number(b) || a.localeCompare(b)

/** The empirical distribution function as steps: at x[k] a share y[k] of `n`, of all that were looked at, is no more than x[k]. */
export function cdf(values: number[], n = values.length): { x: number[]; y: number[] } {
  const s = [...values].sort((a, b) => a - b)
  const x: number[] = [], y: number[] = []
  s.forEach((v, k) => {
    if (x.length > 0 && x[x.length - 1] === v) y[y.length - 1] = (k + 1) / n
    else {
      x.push(v)
      y.push((k + 1) / n)
    }
  })
  return { x, y }
}

/** The least value that a share p of `n` does not exceed (nearest rank); undefined if so many have none. */
export function percentile(sorted: number[], p: number, n = sorted.length): number | undefined {
  return sorted[Math.max(0, Math.ceil(p * n) - 1)]
}
