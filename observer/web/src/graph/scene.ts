// What is drawn, as columns of numbers: made once when the data change, drawn by WebGL (gl.ts), by a canvas
// (paint.ts), and written as SVG (svg.ts), which therefore all show the same.

export interface Scene {
  nodes: number
  /** Index of the node in the world, by place in the scene. */
  id: Int32Array
  x: Float32Array
  y: Float32Array
  r: Float32Array
  /** RGBA, a byte each. */
  fill: Uint8Array
  ring: Uint8Array
  /** Bits: 1 not up (hollow), 2 source (second ring), 4 dim, 8 group of nodes. */
  flags: Uint8Array
  links: number
  /** Places in the scene. */
  from: Int32Array
  to: Int32Array
  width: Float32Array
  color: Uint8Array
  /** How far beside the straight line, in pixels: links there and back do not cover one another. */
  shift: Float32Array
  /** Cycles a second of the dashes that show where data flow; 0: none flow. Negative: the link is broken (dotted). */
  flow: Float32Array
  place: Map<number, number>
}

export function emptyScene(nodes = 0, links = 0): Scene {
  return {
    nodes, links,
    id: new Int32Array(nodes), x: new Float32Array(nodes), y: new Float32Array(nodes), r: new Float32Array(nodes),
    fill: new Uint8Array(nodes * 4), ring: new Uint8Array(nodes * 4), flags: new Uint8Array(nodes),
    from: new Int32Array(links), to: new Int32Array(links), width: new Float32Array(links), color: new Uint8Array(links * 4),
    shift: new Float32Array(links), flow: new Float32Array(links), place: new Map(),
  }
}

export const DOWN = 1, SOURCE = 2, DIM = 4, GROUP = 8

/** The ends of a link on the screen, moved aside and shortened by the nodes' radii. Undefined if nothing is left of it. */
export function ends(s: Scene, l: number, px: (p: number) => [number, number], grow: number): { ax: number; ay: number; bx: number; by: number } | undefined {
  const a = s.from[l]!, b = s.to[l]!
  const [ax, ay] = px(a), [bx, by] = px(b)
  const dx = bx - ax, dy = by - ay
  const d = Math.hypot(dx, dy)
  if (d < 1e-3) return undefined
  const ux = dx / d, uy = dy / d, o = s.shift[l]!
  const ra = s.r[a]! * grow + 1.5, rb = s.r[b]! * grow + 2.5
  if (d <= ra + rb) return undefined
  return { ax: ax + ux * ra - uy * o, ay: ay + uy * ra + ux * o, bx: bx - ux * rb - uy * o, by: by - uy * rb + ux * o }
}

/** How much nodes grow when one zooms in: less than the plane does, so that there is always room between them. */
export const growth = (k: number): number => Math.min(2.2, Math.max(0.42, Math.pow(k, 0.45)))
