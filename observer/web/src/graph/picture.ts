// The graph as a file: what is seen, without what points at it.

import { drawGround, svgGround } from './ground.ts'
import { drawAbove, type Above } from './overlay.ts'
import { paint } from './paint.ts'
import type { Stage } from './stage.ts'
import { rgb, type Palette } from './style.ts'
import { svg } from './svg.ts'

export function picture(format: 'svg' | 'png', stage: Stage, onMap: boolean, p: Palette, above: Above, title: string): Promise<Blob> {
  const { scene, camera } = stage, map = onMap ? stage.map : undefined
  if (format === 'svg') {
    const text = svg(scene, camera, (k) => above.name(scene.id[k]!), { background: rgb(p.surface), ink: rgb(p.ink), font: above.font }, map ? svgGround(map, camera, p) : '', title)
    return Promise.resolve(new Blob([text], { type: 'image/svg+xml' }))
  }
  const c = document.createElement('canvas')
  c.width = camera.w * 2
  c.height = camera.h * 2
  const g = c.getContext('2d')!
  g.scale(2, 2)
  g.fillStyle = rgb(p.surface)
  g.fillRect(0, 0, camera.w, camera.h)
  if (map) drawGround(g, map, camera, p)
  paint(g, scene, camera, 0)
  drawAbove(g, scene, camera, { ...above, selection: new Set(), chosenLink: undefined, hover: undefined, hoverLink: undefined, transfers: undefined, domino: undefined, calm: true }, p, stage.names)
  stage.overDirty = true
  return new Promise((done, fail) => c.toBlob((b) => (b ? done(b) : fail(new Error('the browser made no picture'))), 'image/png'))
}
