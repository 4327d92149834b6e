// The map below the graph, on a canvas and as SVG.

import type { Basemap } from '../map/basemap.ts'
import type { Camera } from './camera.ts'
import { mix, rgb, type Palette } from './style.ts'

export function drawGround(g: CanvasRenderingContext2D, map: Basemap, c: Camera, p: Palette): void {
  g.save()
  g.translate(c.w / 2, c.h / 2)
  g.scale(c.k, c.k)
  g.translate(-c.x, -c.y)
  g.lineWidth = 0.5 / c.k
  g.strokeStyle = rgb(mix(p.surface, p.ink, 0.07))
  g.stroke(map.grid)
  g.fillStyle = rgb(mix(p.surface, p.ink, 0.11))
  g.fill(map.land)
  g.lineWidth = 0.8 / c.k
  g.strokeStyle = rgb(mix(p.surface, p.ink, 0.24))
  g.stroke(map.land)
  g.lineWidth = 0.6 / c.k
  g.strokeStyle = rgb(p.surface)
  g.stroke(map.borders)
  g.restore()
}

export function svgGround(map: Basemap, c: Camera, p: Palette): string {
  return `<g transform="translate(${c.w / 2} ${c.h / 2}) scale(${c.k}) translate(${-c.x} ${-c.y})">`
    + `<path d="${map.text.land}" fill="${rgb(mix(p.surface, p.ink, 0.11))}"/>`
    + `<path d="${map.text.borders}" fill="none" stroke="${rgb(p.surface)}" stroke-width="${0.6 / c.k}"/></g>`
}
