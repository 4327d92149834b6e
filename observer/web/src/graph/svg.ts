// The scene as an SVG document: the picture for a paper.

import type { Camera } from './camera.ts'
import { DOWN, ends, growth, SOURCE, type Scene } from './scene.ts'

const hex = (c: Uint8Array, k: number): string => '#' + [0, 1, 2].map((j) => c[k * 4 + j]!.toString(16).padStart(2, '0')).join('')
const alpha = (c: Uint8Array, k: number): string => (c[k * 4 + 3]! === 255 ? '' : (c[k * 4 + 3]! / 255).toFixed(2))
// What nodes say is text and never markup.
export const escape = (s: string): string => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')

export interface Look { background: string; ink: string; font: string }

/** `label` gives a node's name by its place in the scene; `ground` is SVG that goes below, in the camera's pixels. */
export function svg(s: Scene, c: Camera, label: (p: number) => string, look: Look, ground = '', title = ''): string {
  const grow = growth(c.k)
  const px = (p: number): [number, number] => c.toScreen(s.x[p]!, s.y[p]!)
  const n = (v: number): string => v.toFixed(1)
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(c.w)}" height="${n(c.h)}" viewBox="0 0 ${n(c.w)} ${n(c.h)}" font-family="${escape(look.font)}" font-size="11">`,
    title ? `<title>${escape(title)}</title>` : '',
    `<rect width="100%" height="100%" fill="${look.background}"/>`, ground, '<g fill="none">',
  ]
  const heads: string[] = []
  for (let l = 0; l < s.links; l++) {
    const e = ends(s, l, px, grow)
    if (!e) continue
    const w = s.width[l]!, dx = e.bx - e.ax, dy = e.by - e.ay, d = Math.hypot(dx, dy), ux = dx / d, uy = dy / d
    const tip = Math.min(5 + w * 1.5, d * 0.4), half = 3 + w * 0.85, a = alpha(s.color, l), col = hex(s.color, l)
    out.push(`<path d="M${n(e.ax)} ${n(e.ay)}L${n(e.bx - ux * tip * 0.96)} ${n(e.by - uy * tip * 0.96)}" stroke="${col}" stroke-width="${w.toFixed(2)}"${a && ` stroke-opacity="${a}"`}${s.flow[l]! < 0 ? ' stroke-dasharray="3.5 3.5"' : ''}/>`)
    heads.push(`<path d="M${n(e.bx)} ${n(e.by)}L${n(e.bx - ux * tip - uy * half)} ${n(e.by - uy * tip + ux * half)}L${n(e.bx - ux * tip + uy * half)} ${n(e.by - uy * tip - ux * half)}z" fill="${col}"${a && ` fill-opacity="${a}"`}/>`)
  }
  out.push('</g>', '<g>', ...heads, '</g>', '<g>')
  for (let k = 0; k < s.nodes; k++) {
    const [x, y] = px(k), r = s.r[k]! * grow, a = alpha(s.ring, k)
    const fill = s.flags[k]! & DOWN && s.fill[k * 4 + 3] === 0 ? 'none' : hex(s.fill, k)
    out.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(r - 0.8)}" fill="${fill}" stroke="${hex(s.ring, k)}" stroke-width="1.6"${a && ` opacity="${a}"`}/>`)
    if (s.flags[k]! & SOURCE) out.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(r + 3.2)}" fill="none" stroke="${hex(s.ring, k)}" stroke-width="1.6"/>`)
  }
  out.push('</g>', `<g fill="${look.ink}" text-anchor="middle">`)
  for (let k = 0; k < s.nodes; k++) {
    const [x, y] = px(k)
    out.push(`<text x="${n(x)}" y="${n(y + s.r[k]! * grow + 13)}">${escape(label(k))}</text>`)
  }
  out.push('</g></svg>')
  return out.filter((x) => x !== '').join('\n') + '\n'
}
