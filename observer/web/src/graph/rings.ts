// How far nodes are from the source, as rings around it: by links on the way, or by the time that they take.

import { GAP, neighbours, roots, walk, type Positions, type Topology, type Walk } from './layouts.ts'

/** Angles: every node has a part of the circle as wide as it has leaves behind it. */
function angles(w: Walk): Map<number, number> {
  const leaves = new Map<number, number>()
  for (let k = w.order.length - 1; k >= 0; k--) {
    const i = w.order[k]!
    leaves.set(i, w.children.get(i)!.reduce((s, j) => s + leaves.get(j)!, 0) || 1)
  }
  const tops = w.order.filter((i) => !w.parent.has(i))
  const total = tops.reduce((s, i) => s + leaves.get(i)!, 0)
  const from = new Map<number, number>(), angle = new Map<number, number>()
  let at = 0
  const set = (i: number, start: number): void => {
    from.set(i, start)
    angle.set(i, ((start + leaves.get(i)! / 2) / total) * 2 * Math.PI - Math.PI / 2)
  }
  for (const i of tops) {
    set(i, at)
    at += leaves.get(i)!
  }
  for (const i of w.order) {
    let s = from.get(i)!
    for (const j of w.children.get(i)!) {
      set(j, s)
      s += leaves.get(j)!
    }
  }
  return angle
}

/** Rings by how many links a node is away from the source. */
export function hops(t: Topology): Positions {
  const w = walk(t)
  const angle = angles(w)
  const size = new Map<number, number>()
  for (const i of t.ids) size.set(w.depth.get(i)!, (size.get(w.depth.get(i)!) ?? 0) + 1)
  const radius = new Map<number, number>()
  let r = 0
  for (const d of [...size.keys()].sort((a, b) => a - b)) {
    // A ring is wide enough for those on it, and never nearer than the ring inside it and a gap.
    r = d === 0 && size.get(0) === 1 ? 0 : Math.max(r + GAP * 1.25, (size.get(d)! * GAP * 0.42) / (2 * Math.PI))
    radius.set(d, r)
  }
  const pos: Positions = new Map()
  for (const i of t.ids) pos.set(i, { x: Math.cos(angle.get(i)!) * radius.get(w.depth.get(i)!)!, y: Math.sin(angle.get(i)!) * radius.get(w.depth.get(i)!)! })
  return pos
}

/** Seconds from the source over the quickest way (Dijkstra); what cannot be reached is left out. */
export function delays(t: Topology): Map<number, number> {
  const n = neighbours(t)
  const start = roots(t, n)[0]
  const dist = new Map<number, number>()
  if (start === undefined) return dist
  const heap: [number, number][] = [[0, start]]
  const push = (d: number, i: number): void => {
    heap.push([d, i])
    let k = heap.length - 1
    while (k > 0) {
      const p = (k - 1) >> 1
      if (heap[p]![0] <= heap[k]![0]) break
      ;[heap[p], heap[k]] = [heap[k]!, heap[p]!]
      k = p
    }
  }
  const pop = (): [number, number] => {
    const top = heap[0]!, last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      for (let k = 0; ;) {
        let c = 2 * k + 1
        if (c >= heap.length) break
        if (c + 1 < heap.length && heap[c + 1]![0] < heap[c]![0]) c++
        if (heap[k]![0] <= heap[c]![0]) break
        ;[heap[k], heap[c]] = [heap[c]!, heap[k]!]
        k = c
      }
    }
    return top
  }
  while (heap.length > 0) {
    const [d, i] = pop()
    if (dist.has(i)) continue
    dist.set(i, d)
    for (const j of n.out.get(i)!) if (!dist.has(j)) push(d + Math.max(1e-6, t.delay?.(i, j) ?? 1e-3), j)
  }
  return dist
}

/** Distance from the middle is time from the source. Those that it does not reach stand outside. */
export function latency(t: Topology): Positions {
  const w = walk(t)
  const angle = angles(w)
  const dist = delays(t)
  let most = 0
  for (const d of dist.values()) most = Math.max(most, d)
  const full = Math.max(GAP * 3, GAP * 0.55 * Math.sqrt(t.ids.length) * 2)
  const pos: Positions = new Map()
  for (const i of t.ids) {
    const d = dist.get(i)
    const r = d === undefined ? full * 1.18 : most > 0 ? (d / most) * full : 0
    pos.set(i, { x: Math.cos(angle.get(i)!) * r, y: Math.sin(angle.get(i)!) * r })
  }
  return pos
}
