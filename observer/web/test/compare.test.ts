import { describe, expect, it } from 'vitest'
import { ALONE, Rename } from '../src/model/rename.ts'
import { common, linkDifferences, linkMeasures, nodeDifferences, nodeMeasures, union } from '../src/model/compare.ts'
import { World } from '../src/model/world.ts'
import { Stretch } from '../src/model/history.ts'
import type { Update } from '../src/model/types.ts'

function world(nodes: Update['nodes'], links: Update['links'] = []): World {
  const w = new World()
  w.apply({ t: 1, full: true, nodes, links } as Update)
  return w
}

describe('the other overlay with our indices', () => {
  const r = new Rename([{ i: 0, name: 'a' }, { i: 1, name: 'b' }, { i: 2, name: 'twice' }, { i: 3, name: 'twice' }, { i: 4, id: '10.0.0.4:1' }])
  const u = r.update({
    t: 3, nodes: [{ i: 7, name: 'b', apps: {} }, { i: 0, name: 'a' }, { i: 1, name: 'stranger' }, { i: 2, name: 'twice' }, { i: 3, id: '10.0.0.4:1' }],
    links: [{ f: 7, t: 1, rate: 5 }], events: [{ t: 2, kind: 'cut', node: 7, peer: 0 }, { t: 2, kind: 'problem' }], states: [{ t: 2, node: 7, name: 'joined', value: 1 }],
  } as Update)
  it('has nodes of one name at one index, and others apart', () => {
    expect(u.nodes!.map((n) => n.i)).toEqual([1, 0, ALONE + 1, ALONE + 2, 4])
    expect(u.links).toEqual([{ f: 1, t: ALONE + 1, rate: 5 }])
    expect(u.events).toEqual([{ t: 2, kind: 'cut', node: 1, peer: 0 }, { t: 2, kind: 'problem' }])
    expect(u.states![0]!.node).toBe(1)
  })
  it('remembers names that patches leave out', () => expect(r.update({ t: 4, nodes: [{ i: 7, in: 3 }] } as Update).nodes).toEqual([{ i: 1, in: 3 }]))
  it('asks by the indices of the other side', () => {
    expect(r.key('1')).toBe('7')
    expect(r.key(`1-${ALONE + 1}`)).toBe('7-1')
    expect(r.key('2')).toBeUndefined()
  })
})

describe('differences', () => {
  const a = world([{ i: 0, up: true, in: 10 }, { i: 1, up: true, in: 5 }, { i: 2, up: true, in: 1 }, { i: 3, up: false, in: 0 }], [{ f: 0, t: 1, up: true, rate: 10, apps: { 1: { rate: 10 } } }, { f: 1, t: 0, up: true, rate: 0 }])
  const b = world([{ i: 0, up: true, in: 13 }, { i: 1, up: true, in: 25 }, { i: 2, up: false, in: 0 }, { i: 3, up: false }, { i: 9, up: true, in: 2 }], [{ f: 0, t: 1, up: true, rate: 8, apps: { 1: { rate: 8 } } }, { f: 1, t: 2, up: true, rate: 1, apps: { 1: { rate: 1 } } }])
  it('come with those that one side lacks first, then the widest', () => {
    expect(nodeDifferences(a, b, nodeMeasures[0]!)).toEqual([
      { key: '9', a: undefined, b: 2, only: 'b' }, { key: '2', a: 1, b: undefined, only: 'a' },
      { key: '1', a: 5, b: 25, only: undefined }, { key: '0', a: 10, b: 13, only: undefined },
    ])
  })
  it('of links are those that carry data', () => {
    expect(linkDifferences(a, b, linkMeasures[0]!).map((d) => [d.key, d.only])).toEqual([['1-2', 'b'], ['0-1', undefined]])
    const c = common(a, b)
    expect([c.nodes.both, c.nodes.a, c.nodes.b]).toEqual([2, ['2'], ['9']])
    expect([c.links.both, c.links.a, c.links.b]).toEqual([1, [], ['1-2']])
  })
  it('are laid out in one world', () => {
    const u = union(a, b, new World())
    expect([...u.nodes.keys()].sort()).toEqual([0, 1, 2, 3, 9])
    expect([...u.links.keys()].sort()).toEqual(['0-1', '1-0', '1-2'])
  })
})

it('steps to the change before and after a time', () => {
  const s = new Stretch({ t: 0, full: true, nodes: [] } as Update)
  for (const t of [1, 2, 2, 5]) s.push({ t } as Update)
  expect([s.beside(0, 1), s.beside(1, 1), s.beside(2, 1), s.beside(5, 1)]).toEqual([1, 2, 5, undefined])
  expect([s.beside(5, -1), s.beside(2, -1), s.beside(1.5, -1), s.beside(1, -1)]).toEqual([2, 1, 1, undefined])
})
