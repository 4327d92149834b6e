import type { World } from '../model/world.ts'
import { rate } from '../model/format.ts'
import { rateOf, shows } from './style.ts'

// A quoted string of DOT: only quotes and backslashes end it early; line ends would be read as such.
const quote = (s: string): string => `"${s.replace(/[\\"]/g, '\\$&').replace(/[\r\n]+/g, ' ')}"`

/** The overlay, or one application's part of it, for Graphviz. */
export function dot(w: World, app: string | undefined): string {
  const out = ['digraph overlay {', '  node [shape=ellipse fontname="Helvetica" fontsize=10];', '  edge [fontname="Helvetica" fontsize=8];']
  const name = (i: number): string => w.nodes.get(i)?.name ?? w.nodes.get(i)?.id ?? String(i)
  for (const n of w.nodes.values()) out.push(`  n${n.i} [label=${quote(name(n.i))}${n.up === false ? ' style=dashed color=red' : ''}${n.apps && Object.values(n.apps).some((a) => a.source) ? ' peripheries=2' : ''}];`)
  for (const l of w.links.values()) if (l.up !== false && shows(l, app)) out.push(`  n${l.f} -> n${l.t} [label=${quote(rate(rateOf(l, app)))}];`)
  return out.join('\n') + '\n}\n'
}
