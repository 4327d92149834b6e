import { expect, test } from 'vitest'
import { Cursor, History, Stretch } from '../src/model/history.ts'
import { World } from '../src/model/world.ts'
import type { Update } from '../src/model/types.ts'
import { Overlay, random } from './mock/overlay.mjs'

function run(seed: number, steps: number): { full: Update; updates: Update[] } {
  const o = new Overlay({ nodes: 12, seed, failEvery: 3, chunks: 8 })
  const full = o.full() as Update
  const updates: Update[] = []
  for (let k = 0; k < steps; k++) updates.push(o.step(0.25) as Update)
  return { full, updates }
}

/** All updates up to a time, one after the other, from the beginning. */
function plain(full: Update, updates: Update[], t: number): World {
  const w = new World()
  w.apply(full)
  for (const u of updates) if (u.t <= t) w.apply(u)
  return w
}

const picture = (w: World): unknown => ({ t: w.t, nodes: [...w.nodes].sort((a, b) => a[0] - b[0]), links: [...w.links].sort(), states: [...w.states].sort((a, b) => a[0] - b[0]) })

test('scrubbing anywhere, forward or back, shows what going there from the beginning does', () => {
  for (const seed of [1, 2]) {
    const { full, updates } = run(seed, 160)
    const s = new Stretch(full)
    for (const u of updates) expect(s.push(u)).toBe(true)
    const c = new Cursor(), r = random(seed)
    for (let k = 0; k < 60; k++) {
      const t = r() < 0.5 ? r() * s.end : updates[Math.floor(r() * updates.length)]!.t
      c.move(s, t)
      expect(picture(c.world)).toEqual(picture(plain(full, updates, t)))
    }
    expect(picture(s.newest)).toEqual(picture(plain(full, updates, s.end)))
  }
})

test('what was forgotten is gone and the rest is as it was', () => {
  const { full, updates } = run(4, 400)
  const s = new Stretch(full)
  for (const u of updates) s.push(u)
  s.forget(60)
  expect(s.begin).toBeGreaterThan(0)
  expect(s.begin).toBeLessThanOrEqual(60)
  for (const t of [60, 75.5, s.end]) expect(picture(s.at(t).world)).toEqual(picture(plain(full, updates, t)))
})

test('the past does not change: an update that is too old is refused', () => {
  const { full, updates } = run(5, 10)
  const s = new Stretch(full)
  for (const u of updates) s.push(u)
  const before = picture(s.newest)
  expect(s.push({ t: 0.1, nodes: [{ i: 0, up: false }] })).toBe(false)
  expect(picture(s.newest)).toEqual(before)
})

test('a full update in the middle replaces everything', () => {
  const s = new Stretch({ t: 0, full: true, nodes: [{ i: 1, in: 5 }, { i: 2, in: 7 }], links: [{ f: 1, t: 2 }] })
  s.push({ t: 1, full: true, nodes: [{ i: 3, in: 2 }] })
  expect([...s.newest.nodes.keys()]).toEqual([3])
  expect(s.newest.links.size).toBe(0)
  expect([...s.at(0.5).world.nodes.keys()]).toEqual([1, 2])
  expect(s.totals).toEqual({ t: [0, 1], v: [12, 2] })
})

test('the total follows what nodes receive, however it changes', () => {
  const { full, updates } = run(6, 120)
  const s = new Stretch(full)
  for (const u of updates) s.push(u)
  s.totals.t.forEach((t, k) => {
    let sum = 0
    for (const n of plain(full, updates, t).nodes.values()) sum += n.in ?? 0
    expect(s.totals.v[k]).toBeCloseTo(sum, 6)
  })
})

test('a stretch that covers another takes its place', () => {
  const h = new History()
  const a = new Stretch({ t: 5, full: true })
  a.push({ t: 6 })
  const b = new Stretch({ t: 4, full: true })
  b.push({ t: 9 })
  h.add(a)
  h.add(b)
  expect(h.stretches).toEqual([b])
  expect(h.find(5.5)).toBe(b)
  expect(h.find(9.5)).toBeUndefined()
})
