// From the overlay to a picture: width is throughput, colour how near a link is to a limit, or what it loses.

import { carries, linkKey, type Link, type Node } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { DIM, DOWN, emptyScene, GROUP, SOURCE, type Scene } from './scene.ts'
import type { Positions } from './layouts.ts'

export type LinkColour = 'utilisation' | 'loss' | 'rtt' | 'queue'
export type NodeColour = 'group' | 'load' | 'progress'
export type RGB = [number, number, number]

export interface Palette {
  ramp: RGB[]
  unknown: RGB
  idle: RGB
  broken: RGB
  node: RGB
  groups: RGB[]
  ring: RGB
  surface: RGB
  ink: RGB
  accent: RGB
  marked: RGB
}

export const dark: Palette = {
  ramp: [[58, 104, 140], [60, 156, 158], [124, 190, 122], [232, 190, 82], [240, 132, 70], [236, 84, 84]],
  unknown: [104, 134, 164], idle: [62, 76, 94], broken: [226, 92, 104], node: [138, 160, 184],
  groups: [[110, 168, 230], [230, 168, 92], [128, 200, 148], [204, 142, 222], [226, 128, 142], [120, 200, 206], [204, 194, 110], [160, 160, 178]],
  ring: [222, 232, 244], surface: [12, 17, 24], ink: [200, 210, 222], accent: [79, 209, 197], marked: [214, 120, 255],
}

export const light: Palette = {
  ramp: [[120, 162, 192], [44, 140, 146], [86, 158, 84], [206, 150, 20], [222, 102, 28], [204, 44, 52]],
  unknown: [132, 154, 178], idle: [196, 205, 214], broken: [206, 56, 70], node: [104, 126, 150],
  groups: [[48, 110, 186], [202, 120, 24], [48, 138, 82], [146, 76, 170], [192, 64, 84], [24, 138, 148], [146, 132, 20], [108, 112, 126]],
  ring: [34, 46, 60], surface: [255, 255, 255], ink: [52, 64, 78], accent: [13, 138, 128], marked: [150, 40, 200],
}

export function ramp(p: Palette, v: number): RGB {
  const x = Math.min(1, Math.max(0, v)) * (p.ramp.length - 1)
  const k = Math.min(p.ramp.length - 2, Math.floor(x)), f = x - k, a = p.ramp[k]!, b = p.ramp[k + 1]!
  return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f]
}

/** How near a link is to the tightest limit on its way, 0..1: its own, what its sender may send, what its receiver may
 * take. Undefined if nothing is limited. */
export function utilisation(w: World, l: Link): number | undefined {
  let u: number | undefined
  const take = (used: number | undefined, cap: number | undefined): void => {
    if (cap && cap > 0 && used !== undefined) u = Math.max(u ?? 0, used / cap)
  }
  take(l.rate, l.cap)
  const f = w.nodes.get(l.f), t = w.nodes.get(l.t)
  take(f?.out, f?.caps?.up)
  take(t?.in, t?.caps?.down)
  if (f) take((f.in ?? 0) + (f.out ?? 0), f.caps?.total)
  if (t) take((t.in ?? 0) + (t.out ?? 0), t.caps?.total)
  return u
}

export function load(n: Node): number | undefined {
  let u: number | undefined
  const take = (used: number | undefined, cap: number | undefined): void => {
    if (cap && cap > 0 && used !== undefined) u = Math.max(u ?? 0, used / cap)
  }
  take(n.out, n.caps?.up)
  take(n.in, n.caps?.down)
  take((n.in ?? 0) + (n.out ?? 0), n.caps?.total)
  return u
}

/** The share of a node's progress: a state "3 of 16", or one whose value is a share. */
export function progress(w: World, i: number): number | undefined {
  let best: number | undefined
  for (const s of Object.values(w.states.get(i) ?? {})) {
    if (typeof s.value === 'number' && s.of) best = Math.max(best ?? 0, Math.min(1, s.value / s.of))
  }
  return best
}

export interface Options {
  app?: string | undefined
  link: LinkColour
  node: NodeColour
  flow: boolean
  palette: Palette
  groups: string[]
  /** If given, all others are dim. */
  bright?: Set<number> | undefined
  brightLinks?: Set<string> | undefined
  /** Nodes that are not shown at all. */
  hidden?: (i: number) => boolean
  /** Rate of the widest link. */
  full: number
  /** Show links that carry no data, too. */
  idle: boolean
  /** When links were last seen to carry data, by key; kept by the caller. One that did and is down is broken. */
  carried: Map<string, number>
  members?: Map<number, number> | undefined
  /** Nodes ("3") and links ("3-5") that stand out: those of one recording that the other has not. */
  marked?: ReadonlySet<string> | undefined
}

/** How long a broken link is still shown, in seconds of the world. That a link is down says little by itself: nodes close
 * those that they do not use. */
export const BROKEN_SHOWN = 12

export function rateOf(l: Link, app: string | undefined): number {
  return app === undefined ? (l.rate ?? 0) : (l.apps?.[app]?.rate ?? 0)
}

export function shows(l: Link, app: string | undefined): boolean {
  return app === undefined || l.apps?.[app] !== undefined
}

/** Which links are shown: all, or, as soon as any carries data, those that do. */
export function shown(w: World, idle: boolean): (l: Link) => boolean {
  if (idle) return (l) => l.up !== false
  for (const l of w.links.values()) if (carries(l)) return carries
  return (l) => l.up !== false
}

export function build(w: World, pos: Positions, o: Options): Scene {
  const ids: number[] = []
  for (const i of w.nodes.keys()) if (pos.has(i) && !o.hidden?.(i)) ids.push(i)
  ids.sort((a, b) => a - b)
  const place = new Map(ids.map((i, k) => [i, k]))
  const kept: Link[] = []
  const order = new Map<Link, number>()
  const seen = shown(w, o.idle)
  for (const [key, l] of w.links) {
    if (!place.has(l.f) || !place.has(l.t)) continue
    if (carries(l)) o.carried.set(key, w.t)
    if (l.up === false) {
      const last = o.carried.get(key)
      if (last === undefined || w.t - last > BROKEN_SHOWN || w.t < last) continue
    } else if (!seen(l) || !shows(l, o.app)) continue
    kept.push(l)
    order.set(l, rateOf(l, o.app) + (o.brightLinks?.has(key) ? 1e15 : 0))
  }
  kept.sort((a, b) => order.get(a)! - order.get(b)!) // the busiest on top
  const s = emptyScene(ids.length, kept.length)
  s.place = place
  const many = ids.length > 400
  ids.forEach((i, k) => node(w, s, k, w.nodes.get(i)!, pos, o, many))
  const crowd = kept.length > 2500 ? 2 : kept.length > 800 ? 1 : 0
  kept.forEach((l, k) => link(w, s, k, l, o, crowd))
  return s
}

function node(w: World, s: Scene, k: number, n: Node, pos: Positions, o: Options, many: boolean): void {
  const p = pos.get(n.i)!, pal = o.palette
  const size = o.members?.get(n.i)
  const app = o.app === undefined ? undefined : n.apps?.[o.app]
  const inside = o.app === undefined || app !== undefined
  const source = o.app === undefined ? Object.values(n.apps ?? {}).some((a) => a.source) : (app?.source ?? false)
  s.id[k] = n.i
  s.x[k] = p.x
  s.y[k] = p.y
  s.r[k] = size ? 9 + Math.min(26, Math.sqrt(size) * 1.3) : (many ? 5.5 : 8) + (source ? 1.5 : 0)
  const dim = (o.bright !== undefined && !o.bright.has(n.i)) || !inside
  let c: RGB = pal.node
  if (o.node === 'group') {
    const g = n.group === undefined ? -1 : o.groups.indexOf(n.group)
    if (g >= 0) c = pal.groups[g % pal.groups.length]!
  } else if (o.node === 'load') {
    const u = load(n)
    c = u === undefined ? pal.unknown : ramp(pal, u)
  } else {
    const u = progress(w, n.i)
    c = u === undefined ? pal.idle : u >= 1 ? pal.accent : ramp(pal, u * 0.55)
  }
  const down = n.up === false
  s.flags[k] = (down ? DOWN : 0) | (source && !down ? SOURCE : 0) | (dim ? DIM : 0) | (size ? GROUP : 0)
  const a = dim ? 60 : 255
  if (down) s.fill.set([...mix(pal.surface, pal.broken, 0.12), dim ? 90 : 255], k * 4)
  else s.fill.set([...(dim ? mix(pal.surface, c, 0.35) : c), 255], k * 4)
  const ring: RGB = down ? pal.broken : o.marked?.has(String(n.i)) ? pal.marked : mix(c, pal.ring, 0.55)
  s.ring.set([...ring, a], k * 4)
}

/** Of many links each is thinner, and of thousands each is only a tint: what is seen then is where many of a kind are. */
const CROWDS = [{ least: 1.2, more: 6, idle: 0.9, alpha: 235, faint: 170 }, { least: 0.7, more: 3.5, idle: 0.5, alpha: 215, faint: 110 }, { least: 0.6, more: 2, idle: 0.5, alpha: 120, faint: 60 }] as const

function link(w: World, s: Scene, k: number, l: Link, o: Options, crowd: 0 | 1 | 2): void {
  const crowdLook = CROWDS[crowd], many = crowd > 0
  const pal = o.palette, key = linkKey(l.f, l.t)
  s.from[k] = s.place.get(l.f)!
  s.to[k] = s.place.get(l.t)!
  const rate = rateOf(l, o.app)
  const two = w.links.get(linkKey(l.t, l.f))
  s.shift[k] = two && two.up !== false && shows(two, o.app) ? (many ? 2 : 3.2) : 0
  const down = l.up === false
  s.width[k] = down ? 1.2 : rate > 0 ? crowdLook.least + crowdLook.more * Math.min(1, Math.sqrt(rate / o.full)) : crowdLook.idle
  let c: RGB = rate > 0 ? pal.unknown : pal.idle
  if (down) c = pal.broken
  else if (o.link === 'utilisation') {
    const u = rate > 0 ? utilisation(w, l) : undefined
    if (u !== undefined) c = ramp(pal, u)
  } else if (o.link === 'loss') {
    const sent = l.loss ?? 0
    c = sent > 0 || (l.lost?.[0] ?? 0) > 0 ? ramp(pal, 0.55 + Math.min(0.45, sent * 4.5 + ((l.lost?.[0] ?? 0) > 0 ? 0.1 : 0))) : rate > 0 ? ramp(pal, 0.1) : pal.idle
  } else if (o.link === 'rtt') {
    const d = l.rtt ?? (l.latency === undefined ? undefined : 2 * l.latency)
    // From 1 ms to 1 s, by its logarithm.
    if (d !== undefined && d > 0) c = ramp(pal, (Math.log10(d) + 3) / 3)
  } else if (l.queued) c = ramp(pal, l.blocked ? 1 : Math.min(0.9, Math.log10(1 + l.queued.msgs) / 3))
  if (o.marked?.has(key)) {
    c = pal.marked
    s.width[k] = Math.max(s.width[k]!, 2.2)
  }
  const dim = (o.bright !== undefined && !(o.bright.has(l.f) && o.bright.has(l.t))) || (o.brightLinks !== undefined && !o.brightLinks.has(key))
  const lit = o.brightLinks?.has(key) || o.marked?.has(key)
  const a = dim ? (crowd === 2 ? 14 : 34) : lit ? 235 : down ? 215 : rate > 0 ? crowdLook.alpha : crowdLook.faint
  s.color.set([...c, a], k * 4)
  // Faster where more flows, within what an eye can follow.
  s.flow[k] = down ? -1 : o.flow && rate > 0 && !dim ? 0.45 + 1.1 * Math.min(1, Math.sqrt(rate / o.full)) : 0
}

export const mix = (a: RGB, b: RGB, f: number): RGB => [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f]
export const rgb = (c: RGB): string => `rgb(${c.map((v) => Math.round(v)).join(' ')})`

/** A round number (1, 2 or 5 times a power of ten) for the widest link that goes up at once and down only when it is far
 * too large, so that widths do not breathe with the data. */
export function fullScale(before: number, most: number): number {
  if (most <= 0) return before || 1e5
  const e = 10 ** Math.floor(Math.log10(most))
  const round = most <= e ? e : most <= 2 * e ? 2 * e : most <= 5 * e ? 5 * e : 10 * e
  return round > before || round < before / 4 ? round : before
}
