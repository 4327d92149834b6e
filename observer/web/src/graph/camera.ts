// What of the plane is seen: its middle, and how many pixels a unit has.

export interface Box { x0: number; y0: number; x1: number; y1: number }

export class Camera {
  x = 0
  y = 0
  k = 1
  /** Size of the view in CSS pixels. */
  w = 1
  h = 1

  toScreen(x: number, y: number): [number, number] {
    return [(x - this.x) * this.k + this.w / 2, (y - this.y) * this.k + this.h / 2]
  }

  toPlane(sx: number, sy: number): [number, number] {
    return [(sx - this.w / 2) / this.k + this.x, (sy - this.h / 2) / this.k + this.y]
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.k
    this.y -= dy / this.k
  }

  /** Zooms so that what is under the point stays there. */
  zoom(factor: number, sx: number, sy: number): void {
    const [x, y] = this.toPlane(sx, sy)
    this.k = Math.min(40, Math.max(0.005, this.k * factor))
    this.x = x - (sx - this.w / 2) / this.k
    this.y = y - (sy - this.h / 2) / this.k
  }

  /** The camera that shows all of the box; pad is left free on each side, in pixels. */
  fit(b: Box, pad: { left: number; right: number; top: number; bottom: number }, most = 1.6): { x: number; y: number; k: number } {
    const w = Math.max(50, this.w - pad.left - pad.right), h = Math.max(50, this.h - pad.top - pad.bottom)
    const k = Math.min(most, w / Math.max(1, b.x1 - b.x0), h / Math.max(1, b.y1 - b.y0))
    return { k, x: (b.x0 + b.x1) / 2 - (pad.left - pad.right) / 2 / k, y: (b.y0 + b.y1) / 2 - (pad.top - pad.bottom) / 2 / k }
  }
}
