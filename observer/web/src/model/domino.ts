// The domino effect of a failure (the paper's section 2.2): when a node or link fails, the links that it fed fail
// after it, and everybody downstream hears of it. From the events after a failure and the topology before it follows
// who was hit, over whom, and when.

import type { World } from './world.ts'
import { carries, type Event } from './types.ts'

export interface Hit {
  /** Seconds after the failure. */
  after: number
  /** Links away from the failure, along the way of the data. */
  hops: number
  node: number
  /** Whom it came from. */
  over?: number
  kind: string
}

export interface Domino { origin: Event; hits: Hit[]; links: [f: number, t: number][] }

const begins = new Set(['down', 'crash', 'cut', 'terminate'])
const follows = new Set(['down', 'crash', 'cut', 'told', 'leave', 'terminate'])

export const startsDomino = (e: Event): boolean => begins.has(e.kind) && e.node !== undefined

/** Seconds after a failure in which what happens downstream of it is put down to it. */
export const DOMINO_WINDOW = 5

/**
 * What a failure set off: of the events up to DOMINO_WINDOW after it, those at nodes that were fed, over any number of
 * links, by the one that failed, or that name it. `before` is the world just before the failure, `after` the events
 * from it on, in order.
 */
export function domino(origin: Event, before: World, after: Event[]): Domino {
  const feeds = new Map<number, number[]>()
  // Where any link carries data, only those do harm that did. (Everybody may have a link to everybody for control.)
  let data = false
  for (const l of before.links.values()) if (carries(l)) data = true
  for (const l of before.links.values()) {
    if (data ? !carries(l) : l.up === false) continue
    const list = feeds.get(l.f)
    if (list) list.push(l.t)
    else feeds.set(l.f, [l.t])
  }
  const start = origin.node!
  const hops = new Map<number, number>([[start, 0]])
  const over = new Map<number, number>()
  // A cut link fails what is behind it; a node fails all that it feeds.
  let frontier = [start]
  if (origin.kind === 'cut' && origin.peer !== undefined) {
    hops.set(origin.peer, 1)
    over.set(origin.peer, start)
    frontier = [origin.peer]
  }
  while (frontier.length > 0) {
    const next: number[] = []
    for (const f of frontier) {
      for (const t of feeds.get(f) ?? []) {
        if (hops.has(t)) continue
        hops.set(t, hops.get(f)! + 1)
        over.set(t, f)
        next.push(t)
      }
    }
    frontier = next
  }
  const hits = new Map<number, Hit>()
  const links = new Map<string, [number, number]>()
  for (const e of after) {
    if (e.t - origin.t > DOMINO_WINDOW) break
    if (e === origin || e.node === undefined || !follows.has(e.kind)) continue
    // Those who fed the one that failed are hit too: they had a child.
    const parent = e.peer === start && feeds.get(e.node)?.includes(start) === true
    if (!hops.has(e.node) && !parent) continue
    if (e.peer !== undefined && before.links.has(`${e.node}-${e.peer}`)) links.set(`${e.node}-${e.peer}`, [e.node, e.peer])
    if (e.peer !== undefined && before.links.has(`${e.peer}-${e.node}`)) links.set(`${e.peer}-${e.node}`, [e.peer, e.node])
    if (e.node === start || hits.has(e.node)) continue
    const hit: Hit = { after: e.t - origin.t, hops: hops.get(e.node) ?? 1, node: e.node, kind: e.kind }
    const from = over.get(e.node) ?? (parent ? start : undefined)
    if (from !== undefined) hit.over = from
    hits.set(e.node, hit)
  }
  return { origin, hits: [...hits.values()].sort((a, b) => a.after - b.after || a.hops - b.hops), links: [...links.values()] }
}
