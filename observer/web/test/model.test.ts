import { expect, test } from 'vitest'
import { decodeTransfers } from '../src/api/transfers.ts'
import { chain, dag, tree, type Topology } from '../src/graph/layouts.ts'
import { delays, hops, latency } from '../src/graph/rings.ts'
import { dot } from '../src/graph/dot.ts'
import { escape } from '../src/graph/svg.ts'
import { summarise } from '../src/graph/summary.ts'
import { fullScale, utilisation } from '../src/graph/style.ts'
import { bandwidth, commandLine, link, recordLine } from '../src/model/command.ts'
import { domino } from '../src/model/domino.ts'
import { EventLog } from '../src/model/events.ts'
import { duration, parseRate, rate, rateLiteral } from '../src/model/format.ts'
import { raceKinds, racers } from '../src/model/race.ts'
import { cdf, figures, percentile } from '../src/model/stats.ts'
import { World } from '../src/model/world.ts'
import type { Event, Update } from '../src/model/types.ts'
import { Overlay } from './mock/overlay.mjs'

const world = (u: Omit<Update, 't'>): World => {
  const w = new World()
  w.apply({ t: 1, full: true, ...u })
  return w
}
const line = (n: number): World => world({ nodes: Array.from({ length: n }, (_, i) => ({ i, name: `n${i}`, up: true })), links: Array.from({ length: n - 1 }, (_, f) => ({ f, t: f + 1, up: true })) })

test('the domino of a node is those that it fed, by hops, and nobody else', () => {
  const w = line(5)
  const crash: Event = { t: 10, kind: 'crash', node: 1 }
  const after: Event[] = [crash, { t: 10.01, kind: 'cut', node: 0, peer: 1 }, { t: 10.02, kind: 'told', node: 2, peer: 1 }, { t: 10.03, kind: 'told', node: 3, peer: 2 }, { t: 10.04, kind: 'up', node: 4 }, { t: 16, kind: 'told', node: 4, peer: 3 }]
  const d = domino(crash, w, after)
  expect(d.hits.map((h) => [h.node, h.hops, h.over])).toEqual([[0, 1, 1], [2, 1, 1], [3, 2, 2]])
  expect(d.links).toContainEqual([1, 2])
})

test('the domino of a cut begins behind the link', () => {
  const w = line(4)
  const cut: Event = { t: 1, kind: 'cut', node: 1, peer: 2 }
  const d = domino(cut, w, [cut, { t: 1.1, kind: 'told', node: 3, peer: 2 }, { t: 1.1, kind: 'told', node: 2, peer: 1 }])
  expect(d.hits.map((h) => [h.node, h.hops])).toEqual([[2, 1], [3, 2]])
})

test('where data flow, links for control alone make nobody a victim', () => {
  const all = [0, 1, 2, 3]
  const w = world({ nodes: all.map((i) => ({ i })), links: all.flatMap((f) => all.filter((t) => t !== f).map((t) => ({ f, t, up: true, ...(t === f + 1 ? { apps: { 1: { rate: 1 } } } : {}) }))) })
  const down: Event = { t: 5, kind: 'down', node: 2 }
  const told = [0, 1, 3].map((node): Event => ({ t: 5.1, kind: 'told', node, peer: 2 }))
  expect(domino(down, w, [down, ...told]).hits.map((h) => h.node).sort()).toEqual([1, 3])
})

test('events are in order, each once', () => {
  const l = new EventLog()
  l.add([{ t: 2, kind: 'up', node: 1 }, { t: 1, kind: 'up', node: 0 }])
  expect(l.add([{ t: 1, kind: 'up', node: 0 }, { t: 2, kind: 'down', node: 1 }])).toEqual([{ t: 2, kind: 'down', node: 1 }])
  expect(l.all.map((e) => e.t)).toEqual([1, 2, 2])
  expect(l.since(2)).toHaveLength(2)
})

const shape = (t: Topology) => [tree, dag, chain, hops, latency].map((f) => f(t))
test('every layout gives every node a place of its own, whatever the graph', () => {
  const graphs: Topology[] = [
    { ids: [0], links: [] },
    { ids: [0, 1, 2, 3], links: [[0, 1], [1, 2], [2, 0], [2, 3]] }, // a cycle
    { ids: [5, 6, 7, 8, 9], links: [[5, 6], [7, 8]] }, // in parts, one alone
    { ids: Array.from({ length: 200 }, (_, i) => i), links: Array.from({ length: 199 }, (_, i) => [Math.floor(i / 3), i + 1] as [number, number]) },
    { ids: Array.from({ length: 3000 }, (_, i) => i), links: Array.from({ length: 2999 }, (_, i) => [i, i + 1] as [number, number]) }, // deep
  ]
  for (const t of graphs) for (const pos of shape(t)) {
    expect([...pos.keys()].sort((a, b) => a - b)).toEqual(t.ids)
    for (const p of pos.values()) expect(Number.isFinite(p.x) && Number.isFinite(p.y)).toBe(true)
  }
  for (const f of [tree, dag, chain, hops]) {
    const pos = [...f(graphs[3]!).values()].map((p) => `${p.x.toFixed(3)} ${p.y.toFixed(3)}`)
    expect(new Set(pos).size).toBe(200)
  }
})

test('a tree has parents above children, a DAG links downwards', () => {
  const t: Topology = { ids: [0, 1, 2, 3, 4], links: [[0, 1], [0, 2], [1, 3], [1, 4], [0, 4]] }
  for (const [f, g] of [[0, 1], [1, 3], [0, 4]] as const) expect(tree(t).get(f)!.y).toBeLessThan(tree(t).get(g)!.y)
  for (const [f, g] of t.links) expect(dag(t).get(f)!.y).toBeLessThan(dag(t).get(g)!.y)
})

test('latency is the quickest way, not the shortest', () => {
  const d: Record<string, number> = { '0-1': 0.1, '0-2': 0.01, '2-1': 0.02 }
  const t: Topology = { ids: [0, 1, 2, 3], links: [[0, 1], [0, 2], [2, 1]], root: 0, delay: (f, g) => d[`${f}-${g}`]! }
  expect(delays(t).get(1)).toBeCloseTo(0.03, 9)
  expect(delays(t).has(3)).toBe(false)
})

test('utilisation is that of the tightest limit', () => {
  const w = world({ nodes: [{ i: 0, out: 50, in: 0, caps: { up: 100 } }, { i: 1, in: 50, out: 30, caps: { total: 100, down: 200 } }], links: [{ f: 0, t: 1, rate: 50, cap: 500 }] })
  expect(utilisation(w, w.links.get('0-1')!)).toBeCloseTo(0.8)
  expect(utilisation(line(2), line(2).links.get('0-1')!)).toBeUndefined()
})

test('the scale of widths goes up at once and down only when it is far too large', () => {
  expect(fullScale(1e5, 1.2e5)).toBe(2e5)
  expect(fullScale(2e5, 0.9e5)).toBe(2e5)
  expect(fullScale(2e5, 3e3)).toBe(5e3)
})

test('a CDF reaches one and jumps where values are', () => {
  expect(cdf([3, 1, 1, 2])).toEqual({ x: [1, 2, 3], y: [0.5, 0.75, 1] })
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2)
  expect(percentile([], 0.5)).toBeUndefined()
  expect(cdf([3, 1], 4)).toEqual({ x: [1, 3], y: [0.25, 0.5] })
  expect([percentile([1, 3], 0.5, 4), percentile([1, 3], 0.9, 4)]).toEqual([3, undefined])
  const o = new Overlay({ nodes: 10 })
  o.step(1)
  const w = new World()
  w.apply(o.full() as Update)
  const stress = figures(w).find((f) => f.id === 'stress')!
  expect(stress.of(w.nodes.get(0)!, w)).toBe(3)
})

test('stress is of links that data go over, not of those with control messages alone', () => {
  const w = world({ nodes: [{ i: 0 }, { i: 1 }, { i: 2 }], links: [{ f: 0, t: 1, up: true, apps: { 1: { rate: 5 } } }, { f: 0, t: 2, up: true, rate: 5 }] })
  const f = figures(w).find((x) => x.id === 'stress')!
  expect(f.of(w.nodes.get(0)!, w)).toBe(1)
})

test('a completion time is that of a node that is done, among all that are on the way', () => {
  const w = world({ nodes: [{ i: 0 }, { i: 1 }, { i: 2 }], states: [{ t: 9, node: 0, name: 'chunks', value: 4, of: 4 }, { t: 7, node: 1, name: 'chunks', value: 3, of: 4 }, { t: 5, node: 2, name: 'role', value: 'leaf' }] })
  const f = figures(w).find((x) => x.id === 'done.chunks')!
  expect([0, 1, 2].map((i) => f.of(w.nodes.get(i)!, w))).toEqual([9, undefined, undefined])
  expect([0, 1, 2].map((i) => f.among!(w.nodes.get(i)!, w))).toEqual([true, true, false])
})

test('who has more is ahead, and who is done first is first', () => {
  const w = world({ nodes: [{ i: 0 }, { i: 1 }, { i: 2 }], states: [{ t: 9, node: 0, name: 'chunks', value: 4, of: 4 }, { t: 7, node: 1, name: 'chunks', value: 4, of: 4 }, { t: 9, node: 2, name: 'chunks', value: 3, of: 4 }] })
  expect(racers(w, raceKinds(w)[0]!).map((r) => r.node)).toEqual([1, 0, 2])
})

test('a recording has its command', () => {
  expect(recordLine('start', 'http://127.0.0.1:8080')).toBe('ioverlay ctl record start --observer http://127.0.0.1:8080')
})

test('rates are read as scenarios write them', () => {
  expect(parseRate('100KBps')).toBe(100_000)
  expect(parseRate('3Mbps')).toBe(375_000)
  expect(parseRate('unlimited')).toBe(0)
  expect(parseRate('250000')).toBe(250_000)
  expect(parseRate('100kbps')).toBeUndefined()
  expect(parseRate('fast')).toBeUndefined()
  for (const v of [0, 1, 999, 100_000, 1_250_000, 3e9]) expect(parseRate(rateLiteral(v))).toBe(v)
  expect(rate(118_400)).toBe('118 KB/s')
  expect(rate(undefined)).toBe('–')
  expect(duration(0.02)).toBe('20.0 ms')
})

test('what one leaves alone stays as it is, for each node on its own', () => {
  const w = world({ nodes: [{ i: 0, caps: { up: 5, down: 7 } }, { i: 1, caps: { up: 9, down: 7 } }, { i: 2, caps: { down: 8 } }] })
  expect(bandwidth([...w.nodes.values()], { up: 4 })).toEqual([
    { targets: [0, 1], action: 'set-bandwidth', total: 0, up: 4, down: 7 }, { targets: [2], action: 'set-bandwidth', total: 0, up: 4, down: 8 }])
  const l = world({ nodes: [], links: [{ f: 0, t: 1, cap: 10, latency: 0.02, loss: 0.1 }] })
  expect(link(l, 0, 1, { loss: 0 })).toMatchObject({ targets: [0], to: 1, rate: 10, latency: 0.02, loss: 0 })
})

test('a command line is safe to paste', () => {
  expect(commandLine({ targets: [3], action: 'deploy', app: 1, payload: "it's; rm -rf /" }, 'http://127.0.0.1:8080')).toBe("ioverlay ctl deploy --app 1 --payload 'it'\\''s; rm -rf /' --target 3 --observer http://127.0.0.1:8080")
})

test('names never become markup or DOT', () => {
  expect(escape('<img src=x onerror="a">&\u0001')).not.toMatch(/[<>"]/)
  const w = world({ nodes: [{ i: 0, name: 'a"];evil[label="b\\' }] })
  expect(dot(w, undefined)).toContain('label="a\\"];evil[label=\\"b\\\\"')
})

test('transfers are read from their columns, and what is too short is refused', () => {
  const n = 3, b = new ArrayBuffer(8 + n * 44), v = new DataView(b)
  v.setUint32(0, n, true)
  v.setUint32(4, 9, true)
  for (let k = 0; k < n; k++) {
    v.setFloat64(8 + 8 * k, k + 0.5, true)
    v.setFloat64(8 + 8 * n + 8 * k, k === 1 ? NaN : k + 1, true)
    v.setUint32(8 + 16 * n + 4 * k, 10 + k, true)
  }
  const t = decodeTransfers(b)
  expect([t.n, t.total, ...t.left, ...t.from]).toEqual([3, 9, 0.5, 1.5, 2.5, 10, 11, 12])
  expect(t.arrived[1]).toBeNaN()
  expect(() => decodeTransfers(b.slice(0, 60))).toThrow(/60 bytes for 3 transfers/)
})

test('more nodes than can be seen become groups, and a group that is opened its members', () => {
  const o = new Overlay({ nodes: 1500, links: 3000, failEvery: 0 })
  o.step(1)
  const w = new World()
  w.apply(o.full() as Update)
  const s = summarise(w, new Set())
  expect([...s.members.values()].reduce((a, b) => a + b, 0)).toBe(1500)
  expect(s.world.nodes.size).toBe(s.members.size)
  const inside = summarise(w, new Set(['gateway']))
  expect(inside.world.nodes.has(0)).toBe(true)
  const sum = (x: World): number => [...x.nodes.values()].reduce((a, n) => a + (n.in ?? 0), 0)
  expect(sum(s.world)).toBeCloseTo(sum(w), 3)
})
