// The scene on an ordinary canvas: for browsers without WebGL, and for PNG files at any size.

import type { Camera } from './camera.ts'
import { DOWN, ends, growth, SOURCE, type Scene } from './scene.ts'

const css = (c: Uint8Array, k: number): string => `rgba(${c[k * 4]},${c[k * 4 + 1]},${c[k * 4 + 2]},${c[k * 4 + 3]! / 255})`
const word = (c: Uint8Array, k: number): number => ((c[k * 4]! << 24) | (c[k * 4 + 1]! << 16) | (c[k * 4 + 2]! << 8) | c[k * 4 + 3]!) >>> 0

/** How many lines a path has: the work of filling one grows faster than its length, and setting a path up costs as much as a few lines. */
const inPath = 8

/** Draws the scene; links of one colour and width go in one path, since setting either costs more than a line. */
export function paint(g: CanvasRenderingContext2D, s: Scene, c: Camera, time: number): void {
  const grow = growth(c.k)
  const px = (p: number): [number, number] => c.toScreen(s.x[p]!, s.y[p]!)
  const few = s.links <= 1500
  const batches = new Map<string, { style: string; width: number; flow: number; at: number[] }>()
  for (let l = 0; l < s.links; l++) {
    const e = ends(s, l, px, grow)
    if (!e) continue
    if (Math.max(e.ax, e.bx) < 0 || Math.min(e.ax, e.bx) > c.w || Math.max(e.ay, e.by) < 0 || Math.min(e.ay, e.by) > c.h) continue
    const width = Math.round(s.width[l]! * (few ? 4 : 2)) / (few ? 4 : 2)
    const flow = few ? Math.round(s.flow[l]! * 4) / 4 : Math.min(0, s.flow[l]!)
    const key = `${few ? word(s.color, l) : word(s.color, l) & 0xe0e0e0f0} ${width} ${flow}`
    let b = batches.get(key)
    if (!b) batches.set(key, (b = { style: css(s.color, l), width, flow, at: [] }))
    b.at.push(e.ax, e.ay, e.bx, e.by)
  }
  for (const b of batches.values()) {
    g.strokeStyle = g.fillStyle = b.style
    g.lineWidth = Math.max(0.6, b.width)
    if (b.flow < 0) g.setLineDash([3.5, 3.5])
    g.beginPath()
    for (let k = 0; k < b.at.length; k += 4) {
      const dx = b.at[k + 2]! - b.at[k]!, dy = b.at[k + 3]! - b.at[k + 1]!, d = Math.hypot(dx, dy)
      const tip = Math.min(5 + b.width * 1.5, d * 0.4) * 0.96
      if (k > 0 && k % (4 * inPath) === 0) {
        g.stroke()
        g.beginPath()
      }
      g.moveTo(b.at[k]!, b.at[k + 1]!)
      g.lineTo(b.at[k + 2]! - (dx / d) * tip, b.at[k + 3]! - (dy / d) * tip)
    }
    g.stroke()
    g.setLineDash([])
    if (few || c.k > 0.5) {
      g.beginPath()
      for (let k = 0; k < b.at.length; k += 4) {
        const bx = b.at[k + 2]!, by = b.at[k + 3]!
        const dx = bx - b.at[k]!, dy = by - b.at[k + 1]!, d = Math.hypot(dx, dy)
        const tip = Math.min(5 + b.width * 1.5, d * 0.4), half = 3 + b.width * 0.85, ux = dx / d, uy = dy / d
        g.moveTo(bx, by)
        g.lineTo(bx - ux * tip - uy * half, by - uy * tip + ux * half)
        g.lineTo(bx - ux * tip + uy * half, by - uy * tip - ux * half)
      }
      g.fill()
    }
    if (few && b.flow > 0 && time > 0) {
      // The light dashes that show where data flow.
      g.save()
      g.strokeStyle = 'rgba(255,255,255,0.35)'
      g.setLineDash([6, 20])
      g.lineDashOffset = -time * b.flow * 26
      g.beginPath()
      for (let k = 0; k < b.at.length; k += 4) {
        g.moveTo(b.at[k]!, b.at[k + 1]!)
        g.lineTo(b.at[k + 2]!, b.at[k + 3]!)
      }
      g.stroke()
      g.restore()
    }
  }
  for (let k = 0; k < s.nodes; k++) {
    const [x, y] = px(k), r = s.r[k]! * grow
    if (x < -20 || y < -20 || x > c.w + 20 || y > c.h + 20) continue
    const line = r > 4.5 ? 1.6 : 1
    g.beginPath()
    g.arc(x, y, Math.max(0.5, r - line / 2), 0, 2 * Math.PI)
    if (!(s.flags[k]! & DOWN) || s.fill[k * 4 + 3]! > 0) {
      g.fillStyle = css(s.fill, k)
      g.fill()
    }
    g.strokeStyle = css(s.ring, k)
    g.lineWidth = line
    g.stroke()
    if (s.flags[k]! & SOURCE) {
      g.beginPath()
      g.arc(x, y, r + 3.2, 0, 2 * Math.PI)
      g.stroke()
    }
  }
}
