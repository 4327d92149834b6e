// What pointers and keys do to the graph: find, choose, drag, draw a box around, move and zoom.

import { linkKey } from '../model/types.ts'
import { ends, growth, type Scene } from './scene.ts'
import type { Camera } from './camera.ts'

/** The node at a point of the screen. */
export function nodeAt(s: Scene, c: Camera, x: number, y: number): number | undefined {
  const grow = growth(c.k)
  let best: number | undefined, least = Infinity
  for (let k = 0; k < s.nodes; k++) {
    const [sx, sy] = c.toScreen(s.x[k]!, s.y[k]!)
    const d = Math.hypot(sx - x, sy - y) - s.r[k]! * grow
    if (d < 5 && d < least) {
      least = d
      best = s.id[k]!
    }
  }
  return best
}

/** The place in the scene of the link at a point of the screen. */
export function linkAt(s: Scene, c: Camera, x: number, y: number): number | undefined {
  const grow = growth(c.k)
  const px = (p: number): [number, number] => c.toScreen(s.x[p]!, s.y[p]!)
  let best: number | undefined, least = 5
  for (let l = 0; l < s.links; l++) {
    const e = ends(s, l, px, grow)
    if (!e) continue
    const dx = e.bx - e.ax, dy = e.by - e.ay
    const along = Math.min(1, Math.max(0, ((x - e.ax) * dx + (y - e.ay) * dy) / (dx * dx + dy * dy)))
    const d = Math.hypot(e.ax + dx * along - x, e.ay + dy * along - y) - s.width[l]! / 2
    if (d < least) {
      least = d
      best = l
    }
  }
  return best
}

export const keyOf = (s: Scene, l: number): string => linkKey(s.id[s.from[l]!]!, s.id[s.to[l]!]!)

export interface Rect { x: number; y: number; w: number; h: number }

/** Nodes within a box on the screen; groups of nodes are none. */
export function inside(s: Scene, c: Camera, r: Rect): number[] {
  const out: number[] = []
  for (let k = 0; k < s.nodes; k++) {
    const [sx, sy] = c.toScreen(s.x[k]!, s.y[k]!)
    if (sx >= r.x && sx <= r.x + r.w && sy >= r.y && sy <= r.y + r.h && s.id[k]! >= 0) out.push(s.id[k]!)
  }
  return out
}

/** The nearest node in a direction from a point of the plane; what is aside counts double. */
export function beyond(s: Scene, from: { x: number; y: number }, dir: [number, number]): number | undefined {
  let best: number | undefined, least = Infinity
  for (let k = 0; k < s.nodes; k++) {
    const dx = s.x[k]! - from.x, dy = s.y[k]! - from.y
    const along = dx * dir[0] + dy * dir[1], aside = Math.abs(dx * dir[1]) + Math.abs(dy * dir[0])
    if (along <= 1e-6 || aside > along * 2) continue
    if (along + 2 * aside < least) {
      least = along + 2 * aside
      best = s.id[k]!
    }
  }
  return best
}

export const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/** What a drag does, as the graph hears it. Points are in pixels of the screen. */
export interface Drag {
  node(x: number, y: number): number | undefined
  /** Nodes may be moved (on a map they stand where they are). */
  movable: boolean
  begin(): void
  carry(node: number, x: number, y: number): void
  pan(dx: number, dy: number): void
  box(r: Rect | undefined, done: boolean): void
  click(x: number, y: number, more: boolean): void
}

/** A pointer that is down: four pixels make a drag of a click. */
export class Press {
  private at: { x: number; y: number; node: number | undefined; moved: boolean; box: boolean } | undefined
  private rect: Rect | undefined
  private readonly to: Drag

  constructor(to: Drag) { this.to = to }

  get down(): boolean { return this.at !== undefined }

  press(x: number, y: number, shift: boolean): void {
    const node = this.to.node(x, y)
    this.at = { x, y, node: this.to.movable ? node : undefined, moved: false, box: shift && node === undefined }
  }

  move(x: number, y: number): void {
    const d = this.at
    if (!d) return
    const dx = x - d.x, dy = y - d.y
    if (!d.moved && Math.hypot(dx, dy) < 4) return
    if (!d.moved) this.to.begin()
    d.moved = true
    if (d.box) this.to.box((this.rect = { x: Math.min(x, d.x), y: Math.min(y, d.y), w: Math.abs(dx), h: Math.abs(dy) }), false)
    else if (d.node !== undefined) this.to.carry(d.node, x, y)
    else {
      this.to.pan(dx, dy)
      d.x = x
      d.y = y
    }
  }

  release(x: number, y: number, more: boolean): void {
    const d = this.at, r = this.rect
    this.at = this.rect = undefined
    if (!d) return
    if (d.box && r) this.to.box(r, true)
    else if (!d.moved) this.to.click(x, y, more)
  }

  cancel(): void {
    if (this.rect) this.to.box(undefined, false)
    this.at = this.rect = undefined
  }
}
