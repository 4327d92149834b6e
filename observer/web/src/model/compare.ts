// How two overlays of the same nodes differ at one time.

import { carries, linkKey, type Link, type Node } from './types.ts'
import type { World } from './world.ts'

export type Side = 'a' | 'b'

export interface Difference {
  /** "3" for a node, "3-5" for a link. */
  key: string
  a: number | undefined
  b: number | undefined
  /** Only in one of the two, or up in one only. */
  only: Side | undefined
}

export interface Measure<T> { id: string; label: string; unit: 'rate' | 'count' | 'time' | 'bytes'; of(x: T): number | undefined }

const lost = (n: Node): number | undefined => n.lost && (n.lost.out?.[0] ?? 0) + (n.lost.in?.[0] ?? 0)
const delivered = (n: Node): number | undefined => {
  let s: number | undefined
  for (const a of Object.values(n.apps ?? {})) if (a.delivered !== undefined) s = (s ?? 0) + a.delivered
  return s
}

export const nodeMeasures: Measure<Node>[] = [
  { id: 'in', label: 'Receives', unit: 'rate', of: (n) => n.in },
  { id: 'out', label: 'Sends', unit: 'rate', of: (n) => n.out },
  { id: 'delivered', label: 'Messages delivered', unit: 'count', of: delivered },
  { id: 'lost', label: 'Messages lost', unit: 'count', of: lost },
  { id: 'queued', label: 'Bytes queued', unit: 'bytes', of: (n) => n.queued?.bytes },
]
export const linkMeasures: Measure<Link>[] = [
  { id: 'rate', label: 'Rate', unit: 'rate', of: (l) => l.rate },
  { id: 'lost', label: 'Messages lost', unit: 'count', of: (l) => l.lost?.[0] },
  { id: 'queued', label: 'Messages queued', unit: 'count', of: (l) => l.queued?.msgs },
  { id: 'rtt', label: 'Round trip', unit: 'time', of: (l) => l.rtt },
]

const there = (x: { up?: boolean } | undefined): boolean => x !== undefined && x.up !== false

function differ<T extends { up?: boolean }>(a: T | undefined, b: T | undefined, key: string, of: (x: T) => number | undefined): Difference {
  const x = there(a), y = there(b)
  return { key, a: x ? of(a!) : undefined, b: y ? of(b!) : undefined, only: x === y ? undefined : x ? 'a' : 'b' }
}

/** The most different first: those of one side only, then by how far apart they are. */
export const byDifference = (x: Difference, y: Difference): number =>
  Number(y.only !== undefined) - Number(x.only !== undefined) || apart(y) - apart(x) || x.key.localeCompare(y.key, undefined, { numeric: true })

export const apart = (d: Difference): number => Math.abs((d.a ?? 0) - (d.b ?? 0))

export function nodeDifferences(a: World, b: World, m: Measure<Node>): Difference[] {
  const keys = new Set([...a.nodes.keys(), ...b.nodes.keys()])
  return [...keys].map((i) => differ(a.nodes.get(i), b.nodes.get(i), String(i), m.of)).filter((d) => d.only !== undefined || d.a !== undefined || d.b !== undefined).sort(byDifference)
}

/** Links that are up; of overlays in which any carries data, those that do. */
function used(w: World): Map<string, Link> {
  const all = [...w.links.values()].filter((l) => l.up !== false), some = all.filter(carries)
  return new Map((some.length > 0 ? some : all).map((l) => [linkKey(l.f, l.t), l]))
}

export function linkDifferences(a: World, b: World, m: Measure<Link>): Difference[] {
  const x = used(a), y = used(b)
  return [...new Set([...x.keys(), ...y.keys()])].map((key) => differ(x.get(key), y.get(key), key, m.of)).sort(byDifference)
}

export interface Summary { both: number; a: string[]; b: string[] }

/** Nodes that are up, and links that are used, in both or in one alone. */
export function common(a: World, b: World): { nodes: Summary; links: Summary } {
  const split = (x: Set<string>, y: Set<string>): Summary => ({
    both: [...x].filter((k) => y.has(k)).length, a: [...x].filter((k) => !y.has(k)), b: [...y].filter((k) => !x.has(k)),
  })
  const up = (w: World): Set<string> => new Set([...w.nodes.values()].filter((n) => n.up !== false).map((n) => String(n.i)))
  return { nodes: split(up(a), up(b)), links: split(new Set(used(a).keys()), new Set(used(b).keys())) }
}

/** Both in one: for a layout in which each node stands at one place. */
export function union(a: World, b: World, into: World): World {
  into.t = a.t
  into.states = a.states
  into.nodes = new Map([...b.nodes, ...a.nodes])
  into.links = new Map([...b.links, ...a.links])
  for (const [key, l] of b.links) if (carries(l) && !carries(into.links.get(key)!)) into.links.set(key, l)
  return into
}
