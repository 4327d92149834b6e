// The scene as pixels, by our own hand: for a graph of thousands of links where there is no GPU. A browser's canvas
// turns every line into the outline of a polygon and that into spans with coverages, some 25 µs for each; here a line is
// walked along its longer axis and covers in each step what lies between its two edges in the middle of it, and a disc is
// where its distance says. Pixels are 0xAABBGGRR with their colour multiplied by alpha, so that one over another is two
// multiplications.

import { DOWN, growth, SOURCE, type Scene } from './scene.ts'

export interface Eye { x: number; y: number; k: number; w: number; h: number }

const word = (c: Uint8Array, k: number): number => (c[k * 4]! | (c[k * 4 + 1]! << 8) | (c[k * 4 + 2]! << 16) | 0xff000000) >>> 0

export class Raster {
  readonly w: number
  readonly h: number
  readonly pixels: Uint32Array<ArrayBuffer>
  /** The same: what is read of it is an int32, which a multiplication takes as it is. */
  private readonly ints: Int32Array

  constructor(w: number, h: number, buffer?: ArrayBuffer) {
    this.w = w
    this.h = h
    this.pixels = buffer && buffer.byteLength === w * h * 4 ? new Uint32Array(buffer) : new Uint32Array(w * h)
    this.ints = new Int32Array(this.pixels.buffer)
  }

  /** Puts a colour over a pixel that is known to be inside; alpha is 0..256. */
  private over(at: number, color: number, alpha: number): void {
    const p = this.pixels, d = p[at]!, rest = 256 - alpha
    const rb = (Math.imul(d & 0xff00ff, rest) + Math.imul(color & 0xff00ff, alpha)) >>> 8
    const ag = Math.imul((d >>> 8) & 0xff00ff, rest) + Math.imul((color >>> 8) & 0xff00ff, alpha)
    p[at] = (rb & 0xff00ff) | (ag & 0xff00ff00)
  }

  /** A line so many pixels wide with square ends; `dash` > 0: so long dashes with gaps as long. */
  line(ax: number, ay: number, bx: number, by: number, width: number, color: number, alpha: number, dash = 0): void {
    const dx = bx - ax, dy = by - ay, steep = Math.abs(dy) > Math.abs(dx), d = Math.hypot(dx, dy)
    if (!(d > 0)) return
    // Along the longer axis, forward.
    let u0 = steep ? ay : ax, v0 = steep ? ax : ay, u1 = steep ? by : bx, v1 = steep ? bx : by
    if (u0 > u1) [u0, v0, u1, v1] = [u1, v1, u0, v0]
    const us = steep ? this.h : this.w, vs = steep ? this.w : this.h
    const su = steep ? this.w : 1, sv = steep ? 1 : this.w
    const slope = (v1 - v0) / (u1 - u0), half = (width / 2) * (d / (u1 - u0)), long = d / (u1 - u0)
    const p = this.ints, rb = color & 0xff00ff, ag = (color >>> 8) & 0xff00ff
    const from = Math.max(0, Math.floor(u0)), to = Math.min(us - 1, Math.ceil(u1) - 1)
    // Across, in 65536ths of a pixel, so that all the rest is done with integers.
    const step = Math.round(slope * 65536), wide = Math.max(1, Math.round(half * 131072)), most = vs * 65536
    let lo = Math.round((v0 + slope * (from + 0.5 - u0) - half) * 65536)
    for (let u = from; u <= to; u++, lo += step) {
      if (dash > 0 && (((u + 0.5 - u0) * long) / dash) % 2 >= 1) continue
      const low = lo < 0 ? 0 : lo, hi = lo + wide > most ? most : lo + wide
      if (hi <= low) continue
      // At its ends it has less than all of a step.
      const a = u < u0 || u + 1 > u1 ? (Math.max(0, Math.min(1, u + 1 - u0, u1 - u)) * alpha * 256) | 0 : (alpha * 256) | 0
      const first = low >> 16, last = (hi - 1) >> 16
      let at = u * su + first * sv
      for (let q = first; q <= last; q++, at += sv) {
        const top = q === first ? low & 65535 : 0, low16 = q === last ? ((hi - 1) & 65535) + 1 : 65536
        const c = (a * (low16 - top) + 32768) >> 16, rest = 256 - c, d = p[at]!
        p[at] = (((Math.imul(d & 0xff00ff, rest) + Math.imul(rb, c)) >>> 8) & 0xff00ff) | ((Math.imul((d >>> 8) & 0xff00ff, rest) + Math.imul(ag, c)) & 0xff00ff00)
      }
    }
  }

  /** A triangle, its coverage taken at four heights of each row. */
  triangle(ax: number, ay: number, bx: number, by: number, cx: number, cy: number, color: number, alpha: number): void {
    const x0 = Math.max(0, Math.floor(Math.min(ax, bx, cx))), x1 = Math.min(this.w - 1, Math.floor(Math.max(ax, bx, cx)))
    const y0 = Math.max(0, Math.floor(Math.min(ay, by, cy))), y1 = Math.min(this.h - 1, Math.floor(Math.max(ay, by, cy)))
    if (x1 < x0 || y1 < y0) return
    const n = x1 - x0 + 1
    if (cover.length < n) cover = new Float32Array(n * 2)
    const full = alpha * 256
    for (let y = y0; y <= y1; y++) {
      cover.fill(0, 0, n)
      for (let s = 0; s < 4; s++) {
        const at = y + (s + 0.5) / 4
        let l = Infinity, r = -Infinity
        const edge = (px: number, py: number, qx: number, qy: number): void => {
          if ((py <= at) === (qy <= at)) return
          const x = px + ((qx - px) * (at - py)) / (qy - py)
          if (x < l) l = x
          if (x > r) r = x
        }
        edge(ax, ay, bx, by)
        edge(bx, by, cx, cy)
        edge(cx, cy, ax, ay)
        if (r <= l) continue
        for (let x = Math.max(x0, Math.floor(l)); x <= Math.min(x1, Math.ceil(r) - 1); x++) cover[x - x0]! += (Math.min(r, x + 1) - Math.max(l, x)) / 4
      }
      for (let x = 0; x < n; x++) {
        const a = (cover[x]! * full + 0.5) | 0
        if (a > 0) this.over(y * this.w + x0 + x, color, a)
      }
    }
  }

  /** What lies between two circles around a point; from 0: a disc. */
  annulus(cx: number, cy: number, inner: number, outer: number, color: number, alpha: number): void {
    const x0 = Math.max(0, Math.floor(cx - outer - 1)), x1 = Math.min(this.w - 1, Math.ceil(cx + outer + 1))
    const y0 = Math.max(0, Math.floor(cy - outer - 1)), y1 = Math.min(this.h - 1, Math.ceil(cy + outer + 1))
    const full = alpha * 256
    for (let y = y0; y <= y1; y++) {
      const dy = y + 0.5 - cy
      for (let x = x0; x <= x1; x++) {
        const dx = x + 0.5 - cx, d = Math.sqrt(dx * dx + dy * dy)
        const out = Math.min(1, Math.max(0, outer + 0.5 - d)), hole = inner > 0 ? Math.min(1, Math.max(0, inner + 0.5 - d)) : 0
        const a = ((out - hole) * full + 0.5) | 0
        if (a > 0) this.over(y * this.w + x, color, a)
      }
    }
  }

  /** Colours no longer multiplied by alpha, which is what ImageData wants. Nothing to do where all is opaque. */
  finish(): void {
    const p = this.pixels
    for (let k = 0; k < p.length; k++) {
      const d = p[k]!, a = d >>> 24
      if (a === 0 || a === 255) continue
      const f = 255 / a
      const r = Math.min(255, (d & 255) * f), g = Math.min(255, ((d >>> 8) & 255) * f), b = Math.min(255, ((d >>> 16) & 255) * f)
      p[k] = ((r + 0.5) | ((g + 0.5) << 8) | ((b + 0.5) << 16) | (a << 24)) >>> 0
    }
  }
}

let cover = new Float32Array(64)

/** From so many links on, those that are seen from afar have no heads: nobody could tell them apart. */
const HEADS = 1500

/** Draws a scene as paint.ts does, over `ground` (a colour) or over nothing. `dpr` is pixels of the picture a pixel of the eye. */
export function raster(s: Scene, eye: Eye, dpr: number, ground: number | undefined, buffer?: ArrayBuffer): Raster {
  const out = new Raster(Math.round(eye.w * dpr), Math.round(eye.h * dpr), buffer)
  out.pixels.fill(ground ?? 0)
  const grow = growth(eye.k)
  const sx = new Float64Array(s.nodes), sy = new Float64Array(s.nodes)
  for (let k = 0; k < s.nodes; k++) {
    sx[k] = (s.x[k]! - eye.x) * eye.k + eye.w / 2
    sy[k] = (s.y[k]! - eye.y) * eye.k + eye.h / 2
  }
  const heads = s.links <= HEADS || eye.k > 0.5
  for (let l = 0; l < s.links; l++) {
    const a = s.from[l]!, b = s.to[l]!
    let ax = sx[a]!, ay = sy[a]!, bx = sx[b]!, by = sy[b]!
    if (Math.max(ax, bx) < -8 || Math.min(ax, bx) > eye.w + 8 || Math.max(ay, by) < -8 || Math.min(ay, by) > eye.h + 8) continue
    const dx = bx - ax, dy = by - ay, d = Math.hypot(dx, dy)
    const ra = s.r[a]! * grow + 1.5, rb = s.r[b]! * grow + 2.5
    if (d < 1e-3 || d <= ra + rb) continue
    const ux = dx / d, uy = dy / d, o = s.shift[l]!, width = Math.max(0.6, s.width[l]!)
    ax += ux * ra - uy * o
    ay += uy * ra + ux * o
    bx -= ux * rb + uy * o
    by -= uy * rb - ux * o
    const color = word(s.color, l), alpha = s.color[l * 4 + 3]! / 255
    const tip = Math.min(5 + width * 1.5, (d - ra - rb) * 0.4)
    const end = heads ? tip * 0.96 : 0
    out.line(ax * dpr, ay * dpr, (bx - ux * end) * dpr, (by - uy * end) * dpr, width * dpr, color, alpha, s.flow[l]! < 0 ? 3.5 * dpr : 0)
    if (!heads) continue
    const half = 3 + width * 0.85
    out.triangle(bx * dpr, by * dpr, (bx - ux * tip - uy * half) * dpr, (by - uy * tip + ux * half) * dpr, (bx - ux * tip + uy * half) * dpr, (by - uy * tip - ux * half) * dpr, color, alpha)
  }
  for (let k = 0; k < s.nodes; k++) {
    const r = s.r[k]! * grow, x = sx[k]!, y = sy[k]!
    if (x < -20 || y < -20 || x > eye.w + 20 || y > eye.h + 20) continue
    const line = r > 4.5 ? 1.6 : 1, fill = s.fill[k * 4 + 3]!, ring = word(s.ring, k), alpha = s.ring[k * 4 + 3]! / 255
    if (!(s.flags[k]! & DOWN) || fill > 0) out.annulus(x * dpr, y * dpr, 0, (r - line / 2) * dpr, word(s.fill, k), fill / 255)
    out.annulus(x * dpr, y * dpr, (r - line) * dpr, r * dpr, ring, alpha)
    if (s.flags[k]! & SOURCE) out.annulus(x * dpr, y * dpr, (r + 3.2 - line / 2) * dpr, (r + 3.2 + line / 2) * dpr, ring, alpha)
  }
  if (ground === undefined) out.finish()
  return out
}
