// Where nodes stand. Each layout answers a question of its own: chain (in what order), tree (who feeds whom), dag (what
// depends on what), hops and latency (how far from the source: rings.ts). Force is in force.worker.ts. All are plain functions of
// the topology: the same nodes and links give the same picture, whatever order they came in.

export type XY = { x: number; y: number }
export type Positions = Map<number, XY>

export interface Topology {
  ids: number[]
  /** from, to; between ids only */
  links: [number, number][]
  root?: number
  /** Seconds over a link, for the layout by latency. */
  delay?: (f: number, t: number) => number
}

export const GAP = 90

export interface Walk { order: number[]; parent: Map<number, number>; depth: Map<number, number>; children: Map<number, number[]> }

export function neighbours(t: Topology): { out: Map<number, number[]>; both: Map<number, number[]>; into: Map<number, number> } {
  const out = new Map<number, number[]>(), both = new Map<number, number[]>(), into = new Map<number, number>()
  for (const i of t.ids) {
    out.set(i, [])
    both.set(i, [])
    into.set(i, 0)
  }
  for (const [f, g] of t.links) {
    out.get(f)!.push(g)
    both.get(f)!.push(g)
    both.get(g)!.push(f)
    into.set(g, into.get(g)! + 1)
  }
  for (const m of [out, both]) for (const l of m.values()) l.sort((a, b) => a - b)
  return { out, both, into }
}

/** The nodes from which a picture begins: the root that was asked for, those that nobody feeds, and one of each rest. */
export function roots(t: Topology, n: ReturnType<typeof neighbours>): number[] {
  const free = t.ids.filter((i) => n.into.get(i) === 0 && n.out.get(i)!.length > 0)
  free.sort((a, b) => n.out.get(b)!.length - n.out.get(a)!.length || a - b)
  const rest = [...t.ids].sort((a, b) => n.out.get(b)!.length - n.out.get(a)!.length || a - b)
  const first = t.root !== undefined && n.out.has(t.root) ? [t.root] : []
  return [...new Set([...first, ...free, ...rest])]
}

/** Breadth first along the direction of the data, then, for what is not reached, against it, then from the next root. */
export function walk(t: Topology): Walk {
  const n = neighbours(t)
  const w: Walk = { order: [], parent: new Map(), depth: new Map(), children: new Map(t.ids.map((i) => [i, []])) }
  const spread = (queue: number[], next: Map<number, number[]>): void => {
    for (let k = 0; k < queue.length; k++) {
      const i = queue[k]!
      for (const j of next.get(i)!) {
        if (w.depth.has(j)) continue
        w.depth.set(j, w.depth.get(i)! + 1)
        w.parent.set(j, i)
        w.children.get(i)!.push(j)
        w.order.push(j)
        queue.push(j)
      }
    }
  }
  for (const r of roots(t, n)) {
    if (w.depth.has(r)) continue
    w.depth.set(r, 0)
    w.order.push(r)
    const before = w.order.length - 1
    spread([r], n.out)
    spread(w.order.slice(before), n.both)
  }
  return w
}

/** Leaves side by side, everybody above the middle of its children. */
export function tree(t: Topology): Positions {
  const w = walk(t)
  const pos: Positions = new Map()
  let next = 0
  const alone: number[] = []
  const place = (root: number): void => {
    // Not recursive: a chain of thousands would overflow the stack.
    const stack: [number, boolean][] = [[root, false]]
    while (stack.length > 0) {
      const [i, done] = stack.pop()!
      const c = w.children.get(i)!
      const y = w.depth.get(i)!
      if (c.length === 0) pos.set(i, { x: next++, y })
      else if (done) pos.set(i, { x: (pos.get(c[0]!)!.x + pos.get(c[c.length - 1]!)!.x) / 2, y })
      else {
        stack.push([i, true])
        for (let k = c.length - 1; k >= 0; k--) stack.push([c[k]!, false])
      }
    }
  }
  for (const i of w.order) {
    if (w.parent.has(i)) continue
    if (w.children.get(i)!.length === 0) alone.push(i)
    else {
      place(i)
      next += 0.5
    }
  }
  return finish(t, pos, alone, 1.9)
}

/** Layers by the longest way from a source; in each, by the mean of those above and below (barycentres). */
export function dag(t: Topology): Positions {
  const n = neighbours(t)
  const w = walk(t)
  // An edge to somebody on the way here closes a cycle and is left out.
  const state = new Map<number, 1 | 2>()
  const back = new Set<string>()
  const sorted: number[] = []
  for (const r of w.order) {
    if (state.has(r)) continue
    const stack: [number, number][] = [[r, 0]]
    state.set(r, 1)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      const list = n.out.get(top[0])!
      if (top[1] >= list.length) {
        state.set(top[0], 2)
        sorted.push(top[0])
        stack.pop()
        continue
      }
      const j = list[top[1]++]!
      if (state.get(j) === 1) back.add(`${top[0]}-${j}`)
      else if (!state.has(j)) {
        state.set(j, 1)
        stack.push([j, 0])
      }
    }
  }
  sorted.reverse()
  const layer = new Map<number, number>(t.ids.map((i) => [i, 0]))
  for (const i of sorted) for (const j of n.out.get(i)!) if (!back.has(`${i}-${j}`)) layer.set(j, Math.max(layer.get(j)!, layer.get(i)! + 1))
  const alone = t.ids.filter((i) => n.both.get(i)!.length === 0)
  const lonely = new Set(alone)
  const rows: number[][] = []
  for (const i of w.order) if (!lonely.has(i)) (rows[layer.get(i)!] ??= []).push(i)
  const at = new Map<number, number>()
  const spread = (): void => { for (const r of rows) r?.forEach((i, k) => at.set(i, k - (r.length - 1) / 2)) }
  spread()
  for (let sweep = 0; sweep < 12; sweep++) {
    for (const r of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      if (!r) continue
      const mean = new Map(r.map((i) => {
        const near = n.both.get(i)!.filter((j) => layer.get(j) !== layer.get(i))
        return [i, near.length ? near.reduce((s, j) => s + at.get(j)!, 0) / near.length : at.get(i)!]
      }))
      r.sort((a, b) => mean.get(a)! - mean.get(b)! || at.get(a)! - at.get(b)!)
      r.forEach((i, k) => at.set(i, k - (r.length - 1) / 2))
    }
  }
  const pos: Positions = new Map()
  rows.forEach((r, y) => r?.forEach((i) => pos.set(i, { x: at.get(i)!, y })))
  return finish(t, pos, alone, 1.6)
}

/** One after the other, in lines that turn round at the end. */
export function chain(t: Topology): Positions {
  const n = neighbours(t)
  const seen = new Set<number>()
  const order: number[] = []
  for (const r of roots(t, n)) {
    const stack = [r]
    while (stack.length > 0) {
      const i = stack.pop()!
      if (seen.has(i)) continue
      seen.add(i)
      order.push(i)
      const out = n.out.get(i)!
      for (let k = out.length - 1; k >= 0; k--) if (!seen.has(out[k]!)) stack.push(out[k]!)
    }
  }
  const cols = order.length <= 10 ? order.length : Math.ceil(Math.sqrt(order.length * 2.4))
  const pos: Positions = new Map()
  order.forEach((i, k) => {
    const row = Math.floor(k / cols), c = k % cols
    pos.set(i, { x: (row % 2 === 0 ? c : cols - 1 - c) * GAP * 1.3, y: row * GAP * 1.3 })
  })
  return pos
}

/** Columns and rows to units, in a shape that suits a screen; those without links stand in rows below. */
function finish(_t: Topology, pos: Positions, alone: number[], aspect: number): Positions {
  let left = Infinity, right = -Infinity, down = 0
  for (const p of pos.values()) {
    left = Math.min(left, p.x)
    right = Math.max(right, p.x)
    down = Math.max(down, p.y)
  }
  if (!Number.isFinite(left)) left = right = 0
  const width = (right - left) * GAP
  const row = down > 0 ? Math.min(Math.max(GAP * 1.1, width / aspect / down), GAP * 12) : GAP
  for (const p of pos.values()) {
    p.x = (p.x - left) * GAP
    p.y *= row
  }
  const cols = Math.max(8, Math.ceil(width / GAP))
  const top = pos.size > 0 ? down * row + GAP * 1.3 : 0
  alone.forEach((i, k) => pos.set(i, { x: (k % cols) * GAP + (k < alone.length - (alone.length % cols) ? 0 : Math.max(0, width - (alone.length % cols - 1) * GAP) / 2), y: top + Math.floor(k / cols) * GAP }))
  return pos
}
