// From the world that is looked at to what is laid out and what is bright.

import { linkKey, type Link } from '../model/types.ts'
import type { Domino } from '../model/domino.ts'
import type { World } from '../model/world.ts'
import type { Topology } from './layouts.ts'
import { shown, shows } from './style.ts'

/** The node that a session comes from, or any: where layouts begin unless somebody says otherwise. */
export function source(w: World, app: string | undefined): number | undefined {
  for (const n of w.nodes.values()) {
    if (app === undefined ? Object.values(n.apps ?? {}).some((a) => a.source) : n.apps?.[app]?.source) return n.i
  }
  return undefined
}

export function topology(w: World, app: string | undefined, idle: boolean, root: number | undefined): Topology {
  const ids = [...w.nodes.keys()].sort((a, b) => a - b)
  const links: [number, number][] = []
  const seen = shown(w, idle)
  for (const l of w.links.values()) if (w.nodes.has(l.f) && w.nodes.has(l.t) && seen(l) && shows(l, app)) links.push([l.f, l.t])
  links.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const t: Topology = { ids, links, delay: (f, g) => { const l = w.links.get(linkKey(f, g)); return l?.latency ?? (l?.rtt === undefined ? 0.001 : l.rtt / 2) } }
  const from = root ?? source(w, app)
  if (from !== undefined) t.root = from
  return t
}

export interface Bright { nodes: Set<number> | undefined; links: Set<string> | undefined }

/** What is bright while all else is dim: those that were hit, or found, or one that is chosen with its neighbours. */
export function bright(w: World, found: Set<number> | undefined, selection: ReadonlySet<number>, domino: Domino | undefined): Bright {
  if (domino) {
    const nodes = new Set([domino.origin.node!, ...domino.hits.map((h) => h.node)])
    for (const h of domino.hits) if (h.over !== undefined) nodes.add(h.over)
    return { nodes, links: undefined }
  }
  const i = selection.size === 1 && !found ? [...selection][0]! : undefined
  if (i === undefined || !w.nodes.has(i)) return { nodes: found, links: undefined }
  const nodes = new Set([i]), links = new Set<string>()
  const take = (key: string, l: Link): void => {
    nodes.add(l.f)
    nodes.add(l.t)
    links.add(key)
  }
  for (const [key, l] of w.links) if (l.f === i || l.t === i) take(key, l)
  return { nodes, links }
}
