// What lies above the scene: names, what is chosen, messages on their way, and a failure's domino.

import type { Camera } from './camera.ts'
import { ends, growth, type Scene } from './scene.ts'
import type { Transfers } from '../api/transfers.ts'
import type { Domino } from '../model/domino.ts'
import type { Names } from './names.ts'
import { rgb, type Palette } from './style.ts'

export interface Above {
  selection: ReadonlySet<number>
  chosenLink: string | undefined
  hover: number | undefined
  hoverLink: number | undefined
  name(i: number): string
  transfers: Transfers | undefined
  t: number
  speed: number
  app: number | undefined
  domino: Domino | undefined
  /** Milliseconds since the domino began to be shown. */
  dominoMs: number
  calm: boolean
  font: string
}

/** A message is seen for at least so many seconds of the watcher's time, or it would be gone between two frames. */
const SEEN = 0.3
/** How long a domino takes from one hop to the next on the screen; in the overlay it is milliseconds. */
export const HOP_MS = 380

export function drawAbove(g: CanvasRenderingContext2D, s: Scene, c: Camera, a: Above, p: Palette, names: Names): void {
  const grow = growth(c.k)
  const px = (k: number): [number, number] => c.toScreen(s.x[k]!, s.y[k]!)
  if (a.chosenLink !== undefined || a.hoverLink !== undefined) links(g, s, px, grow, a, p)
  if (a.domino) dominoes(g, s, px, grow, a, p)
  if (a.transfers) messages(g, s, px, a, p)
  g.lineWidth = 2
  for (const i of a.selection) ring(g, s, px, grow, i, rgb(p.accent), 4.5)
  if (a.hover !== undefined && !a.selection.has(a.hover)) ring(g, s, px, grow, a.hover, rgb(p.ink), 4)
  labels(g, s, c, px, grow, a, p, names)
}

function ring(g: CanvasRenderingContext2D, s: Scene, px: (k: number) => [number, number], grow: number, i: number, style: string, off: number): void {
  const k = s.place.get(i)
  if (k === undefined) return
  const [x, y] = px(k)
  g.strokeStyle = style
  g.beginPath()
  g.arc(x, y, s.r[k]! * grow + off, 0, 2 * Math.PI)
  g.stroke()
}

function links(g: CanvasRenderingContext2D, s: Scene, px: (k: number) => [number, number], grow: number, a: Above, p: Palette): void {
  g.strokeStyle = rgb(p.accent)
  for (let l = 0; l < s.links; l++) {
    const chosen = a.chosenLink === `${s.id[s.from[l]!]}-${s.id[s.to[l]!]}`
    if (!chosen && l !== a.hoverLink) continue
    const e = ends(s, l, px, grow)
    if (!e) continue
    g.globalAlpha = chosen ? 0.95 : 0.5
    g.lineWidth = s.width[l]! + 3
    g.globalCompositeOperation = 'source-over'
    g.beginPath()
    g.moveTo(e.ax, e.ay)
    g.lineTo(e.bx, e.by)
    g.stroke()
    g.globalAlpha = 1
  }
}

function messages(g: CanvasRenderingContext2D, s: Scene, px: (k: number) => [number, number], a: Above, p: Palette): void {
  const x = a.transfers!
  const least = SEEN * Math.max(0.01, a.speed)
  g.fillStyle = rgb(p.ring)
  g.strokeStyle = rgb(p.broken)
  g.lineWidth = 1.5
  let drawn = 0
  for (let k = 0; k < x.n && drawn < 3000; k++) {
    const left = x.left[k]!
    if (left > a.t) continue
    const lost = Number.isNaN(x.arrived[k]!)
    const arrived = lost ? left + least : Math.max(x.arrived[k]!, left + least)
    if (arrived < a.t) continue
    if (a.app !== undefined && x.app[k] !== a.app) continue
    const f = s.place.get(x.from[k]!), t = s.place.get(x.to[k]!)
    if (f === undefined || t === undefined) continue
    const [ax, ay] = px(f), [bx, by] = px(t)
    const d = Math.hypot(bx - ax, by - ay) || 1
    const share = ((a.t - left) / (arrived - left)) * (lost ? 0.5 : 1)
    // Beside the line on the side of the link's own direction, as links are.
    const mx = ax + (bx - ax) * share - ((by - ay) / d) * 3.2, my = ay + (by - ay) * share + ((bx - ax) / d) * 3.2
    drawn++
    if (lost && share > 0.42) {
      g.beginPath()
      g.moveTo(mx - 3, my - 3)
      g.lineTo(mx + 3, my + 3)
      g.moveTo(mx + 3, my - 3)
      g.lineTo(mx - 3, my + 3)
      g.stroke()
    } else {
      g.beginPath()
      g.arc(mx, my, 2.4, 0, 2 * Math.PI)
      g.fill()
    }
  }
}

function dominoes(g: CanvasRenderingContext2D, s: Scene, px: (k: number) => [number, number], grow: number, a: Above, p: Palette): void {
  const d = a.domino!
  const since = a.calm ? 1e6 : a.dominoMs
  const pulse = (i: number, start: number): void => {
    const k = s.place.get(i)
    if (k === undefined || since < start) return
    const [x, y] = px(k), r = s.r[k]! * grow
    const age = since - start
    g.lineWidth = 2.2
    g.strokeStyle = rgb(p.broken)
    g.beginPath()
    g.arc(x, y, r + 3.5, 0, 2 * Math.PI)
    g.stroke()
    if (age < 900) {
      g.globalAlpha = 1 - age / 900
      g.beginPath()
      g.arc(x, y, r + 4 + (age / 900) * 24, 0, 2 * Math.PI)
      g.stroke()
      g.globalAlpha = 1
    }
  }
  g.lineCap = 'round'
  for (const h of d.hits) {
    const f = h.over === undefined ? undefined : s.place.get(h.over), t = s.place.get(h.node)
    if (f === undefined || t === undefined) continue
    const start = (h.hops - 1) * HOP_MS
    const share = Math.min(1, Math.max(0, (since - start) / HOP_MS))
    if (share <= 0) continue
    const [ax, ay] = px(f), [bx, by] = px(t)
    g.strokeStyle = rgb(p.broken)
    g.globalAlpha = 0.85
    g.lineWidth = 3
    g.beginPath()
    g.moveTo(ax, ay)
    g.lineTo(ax + (bx - ax) * share, ay + (by - ay) * share)
    g.stroke()
    g.globalAlpha = 1
  }
  g.lineCap = 'butt'
  if (d.origin.node !== undefined) pulse(d.origin.node, 0)
  for (const h of d.hits) pulse(h.node, h.hops * HOP_MS)
}

/** Names, the important ones first, none over another; which are shown changes only when something moves. */
function labels(g: CanvasRenderingContext2D, s: Scene, c: Camera, px: (k: number) => [number, number], grow: number, a: Above, p: Palette, names: Names): void {
  g.font = `500 11px ${a.font}`
  g.textAlign = 'center'
  g.textBaseline = 'top'
  g.lineJoin = 'round'
  const order: number[] = []
  for (let k = 0; k < s.nodes; k++) if (!(s.flags[k]! & 4)) order.push(k)
  const weight = (k: number): number => (s.id[k] === a.hover ? 1e6 : 0) + (a.selection.has(s.id[k]!) ? 1e5 : 0) + s.r[k]! * 10 - k * 1e-4
  if (order.length > 250 && c.k < 0.4) order.splice(0, order.length, ...order.filter((k) => weight(k) > 80))
  order.sort((x, y) => weight(y) - weight(x))
  const cells = new Map<number, [number, number, number, number][]>()
  const cell = (x: number, y: number): number => Math.floor(x / 90) * 4096 + Math.floor(y / 40)
  let drawn = 0
  for (const k of order) {
    if (drawn > 400) break
    const [x, y] = px(k)
    if (x < -40 || y < -30 || x > c.w + 40 || y > c.h + 20) continue
    const text = a.name(s.id[k]!)
    const w = names.width(g, text) / 2 + 3
    const top = y + s.r[k]! * grow + 5
    const b: [number, number, number, number] = [x - w, top, x + w, top + 13]
    let free = true
    for (const cx of [b[0], b[2]]) for (const cy of [b[1], b[3]]) {
      for (const o of cells.get(cell(cx, cy)) ?? []) if (b[0] < o[2] && b[2] > o[0] && b[1] < o[3] && b[3] > o[1]) free = false
    }
    if (!free) continue
    for (const cx of new Set([Math.floor(b[0] / 90), Math.floor(b[2] / 90)])) for (const cy of new Set([Math.floor(b[1] / 40), Math.floor(b[3] / 40)])) {
      const key = cx * 4096 + cy
      const list = cells.get(key)
      if (list) list.push(b)
      else cells.set(key, [b])
    }
    drawn++
    const special = s.id[k] === a.hover || a.selection.has(s.id[k]!)
    names.draw(g, text, x, top, special ? rgb(p.ring) : rgb(p.ink), rgb(p.surface))
  }
}
