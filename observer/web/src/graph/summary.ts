// More nodes than anybody can see are shown as groups: a node for each, as large as it has members, and one link for
// all between two groups. A group that is opened shows its members.

import { linkKey, type Link, type Node } from '../model/types.ts'
import { World } from '../model/world.ts'

export const MOST_NODES = 1200

export interface Summary {
  world: World
  /** Members of each group's node (whose index is negative). */
  members: Map<number, number>
  group: (i: number) => string
  /** Name of a group by the index of its node. */
  names: Map<number, string>
}

/** By group, else by host, else by blocks of neighbours in order of index. */
export function grouping(w: World): (n: Node) => string {
  const count = (of: (n: Node) => string | undefined): number => new Set([...w.nodes.values()].map(of)).size
  const fits = (c: number): boolean => c >= 2 && c <= MOST_NODES / 2
  if (fits(count((n) => n.group))) return (n) => n.group ?? 'no group'
  if (fits(count((n) => n.process?.host))) return (n) => n.process?.host ?? 'no host'
  const block = Math.max(10, Math.ceil(Math.sqrt(w.nodes.size)))
  return (n) => `nodes ${Math.floor(n.i / block) * block}…${Math.floor(n.i / block) * block + block - 1}`
}

export function summarise(w: World, open: ReadonlySet<string>): Summary {
  const of = grouping(w)
  const index = new Map<string, number>()
  const out = new World()
  out.t = w.t
  out.states = w.states
  const members = new Map<number, number>(), names = new Map<number, string>()
  const stand = new Map<number, number>()
  const sums = new Map<number, { in: number; out: number; up: number }>()
  for (const n of [...w.nodes.values()].sort((a, b) => a.i - b.i)) {
    const g = of(n)
    if (open.has(g)) {
      stand.set(n.i, n.i)
      out.nodes.set(n.i, n)
      continue
    }
    let k = index.get(g)
    if (k === undefined) {
      index.set(g, (k = -1 - index.size))
      names.set(k, g)
      sums.set(k, { in: 0, out: 0, up: 0 })
    }
    stand.set(n.i, k)
    members.set(k, (members.get(k) ?? 0) + 1)
    const s = sums.get(k)!
    s.in += n.in ?? 0
    s.out += n.out ?? 0
    if (n.up !== false) s.up++
  }
  for (const [k, s] of sums) out.nodes.set(k, { i: k, name: `${names.get(k)} · ${members.get(k)}`, group: names.get(k)!, up: s.up > 0, in: s.in, out: s.out })
  for (const l of w.links.values()) {
    const f = stand.get(l.f), t = stand.get(l.t)
    if (f === undefined || t === undefined || f === t || l.up === false) continue
    const key = linkKey(f, t)
    if (f >= 0 && t >= 0) {
      out.links.set(key, l)
      continue
    }
    const old = out.links.get(key)
    const sum: Link = old ? { ...old } : { f, t, up: true, rate: 0 }
    sum.rate = (sum.rate ?? 0) + (l.rate ?? 0)
    if (l.apps) {
      sum.apps = { ...sum.apps }
      for (const [a, v] of Object.entries(l.apps)) sum.apps[a] = { rate: (sum.apps[a]?.rate ?? 0) + (v.rate ?? 0) }
    }
    out.links.set(key, sum)
  }
  return { world: out, members, names, group: (i) => { const n = w.nodes.get(i); return n ? of(n) : '' } }
}
