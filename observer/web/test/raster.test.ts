import { describe, expect, it } from 'vitest'
import { Raster, raster } from '../src/graph/raster.ts'
import { emptyScene, SOURCE } from '../src/graph/scene.ts'

const WHITE = 0xffffffff

/** The share of each pixel that a shape covers, by 16 x 16 points of it. */
function oracle(w: number, h: number, inside: (x: number, y: number) => boolean): number[] {
  const out: number[] = []
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    let n = 0
    for (let j = 0; j < 16; j++) for (let i = 0; i < 16; i++) if (inside(x + (i + 0.5) / 16, y + (j + 0.5) / 16)) n++
    out.push(n / 256)
  }
  return out
}

const alphas = (r: Raster): number[] => [...r.pixels].map((p) => (p >>> 24) / 255)
const total = (a: number[]): number => a.reduce((s, v) => s + v, 0)

function near(got: number[], want: number[], each: number, all: number, skip: (k: number) => boolean = () => false): void {
  got.forEach((v, k) => skip(k) || expect(Math.abs(v - want[k]!), `pixel ${k}: ${v}, want ${want[k]}`).toBeLessThanOrEqual(each))
  expect(Math.abs(total(got) - total(want))).toBeLessThanOrEqual(all * Math.max(1, total(want)))
}

describe('a line', () => {
  for (const [ax, ay, bx, by, width] of [[3, 5.5, 27, 5.5, 1], [3.3, 4, 26, 21.7, 2.5], [20, 2, 12.2, 28, 4], [27, 27, 4, 3, 0.6], [6, 25, 6, 3, 3]] as const) {
    it(`from ${ax},${ay} to ${bx},${by}, ${width} wide, covers what it covers`, () => {
      const r = new Raster(32, 32)
      r.line(ax, ay, bx, by, width, WHITE, 1)
      const dx = bx - ax, dy = by - ay, d2 = dx * dx + dy * dy
    // Its ends are cut along the pixels and not across the line: pixels there may differ, the sum hardly.
      near(alphas(r), oracle(32, 32, (x, y) => {
        const s = ((x - ax) * dx + (y - ay) * dy) / d2
        return s >= 0 && s <= 1 && Math.abs((x - ax) * dy - (y - ay) * dx) / Math.sqrt(d2) <= width / 2
      }), 0.2, 0.04, (k) => [[ax, ay], [bx, by]].some(([x, y]) => Math.hypot((k % 32) + 0.5 - x!, Math.floor(k / 32) + 0.5 - y!) < width + 1))
    })
  }
  it('is cut at the edges of the picture', () => {
    const big = new Raster(64, 64), small = new Raster(24, 24)
    big.line(-40, 3, 90, 41, 3, WHITE, 0.7)
    small.line(-40, 3, 90, 41, 3, WHITE, 0.7)
    for (let y = 0; y < 24; y++) for (let x = 0; x < 24; x++) expect(small.pixels[y * 24 + x]).toBe(big.pixels[y * 64 + x])
  })
  it('of dashes has half of what it would have', () => {
    const r = new Raster(200, 8)
    r.line(0, 4, 196, 4, 2, WHITE, 1, 4)
    expect(total(alphas(r))).toBeGreaterThan(196 * 0.9)
    expect(total(alphas(r))).toBeLessThan(196 * 1.1)
  })
})

it('a triangle covers what it covers', () => {
  const r = new Raster(24, 24)
  const p = [[2, 3], [21.5, 9], [8, 20.7]] as const
  r.triangle(p[0][0], p[0][1], p[1][0], p[1][1], p[2][0], p[2][1], WHITE, 1)
  const side = (x: number, y: number, k: number): number => {
    const a = p[k]!, b = p[(k + 1) % 3]!
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
  }
  near(alphas(r), oracle(24, 24, (x, y) => [0, 1, 2].every((k) => side(x, y, k) >= 0)), 0.16, 0.01)
})

it('a disc and a ring cover what they cover', () => {
  for (const [inner, outer] of [[0, 7.3], [5, 8]] as const) {
    const r = new Raster(24, 24)
    r.annulus(11.7, 12.2, inner, outer, WHITE, 1)
    near(alphas(r), oracle(24, 24, (x, y) => { const d = Math.hypot(x - 11.7, y - 12.2); return d <= outer && d >= inner }), 0.2, 0.02)
  }
})

it('one colour over another is as it is on paper', () => {
  const r = new Raster(3, 3)
  r.pixels.fill(0xff203040)
  r.annulus(1.5, 1.5, 0, 5, 0xffe0c0a0, 0.5)
  const p = r.pixels[4]!
  for (const [shift, want] of [[0, (0x40 + 0xa0) / 2], [8, (0x30 + 0xc0) / 2], [16, (0x20 + 0xe0) / 2], [24, 255]] as const) expect(Math.abs(((p >>> shift) & 255) - want)).toBeLessThanOrEqual(1)
})

it('over nothing colours are those asked for, however thin', () => {
  const r = new Raster(9, 9)
  r.annulus(4.5, 4.5, 0, 3, 0xff4080c0, 0.4)
  r.finish()
  const p = r.pixels[40]!
  for (const [shift, want] of [[0, 0xc0], [8, 0x80], [16, 0x40]] as const) expect(Math.abs(((p >>> shift) & 255) - want)).toBeLessThanOrEqual(3)
  expect(Math.abs((p >>> 24) - 0.4 * 255)).toBeLessThanOrEqual(2)
})

it('a scene has its nodes where the camera sees them, and its link between', () => {
  const s = emptyScene(2, 1)
  s.x.set([-20, 20])
  s.r.set([6, 6])
  s.fill.set([10, 20, 30, 255, 10, 20, 30, 255])
  s.ring.set([200, 0, 0, 255, 200, 0, 0, 255])
  s.flags[0] = SOURCE
  s.from[0] = 0
  s.to[0] = 1
  s.width[0] = 3
  s.color.set([0, 200, 0, 255])
  const r = raster(s, { x: 0, y: 0, k: 1, w: 80, h: 40 }, 1, 0xff000000)
  const at = (x: number, y: number): number => r.pixels[y * 80 + x]! & 0xffffff
  expect(at(20, 20)).toBe(30 << 16 | 20 << 8 | 10)
  expect(at(60, 20)).toBe(at(20, 20))
  expect(at(36, 20)).toBe(200 << 8)
  expect(at(2, 2)).toBe(0)
  // Twice the pixels, the same picture.
  const twice = raster(s, { x: 0, y: 0, k: 1, w: 80, h: 40 }, 2, 0xff000000)
  expect(twice.pixels[80 / 2 * 160 + 72]! & 0xffffff).toBe(200 << 8)
})
