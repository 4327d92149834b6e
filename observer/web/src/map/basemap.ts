// The world and North America, as paths in the plane of the graph: projected once, then only moved and scaled.

import { geoConicEqualArea, geoGraticule10, geoNaturalEarth1, geoPath, type GeoProjection } from 'd3-geo'
import { feature, mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { MultiLineString } from 'geojson'
import type { XY } from '../graph/layouts.ts'
import type { Box } from '../graph/camera.ts'
import type { Place } from '../model/types.ts'

export interface Basemap {
  project(lat: number, lon: number): XY | undefined
  land: Path2D
  borders: Path2D
  grid: Path2D
  /** The same as text, for SVG. */
  text: { land: string; borders: string; grid: string }
  box: Box
}

const made = new Map<string, Promise<Basemap>>()

export function basemap(which: 'world' | 'america'): Promise<Basemap> {
  let m = made.get(which)
  if (!m) made.set(which, (m = which === 'world' ? world() : america()))
  return m
}

function finish(projection: GeoProjection, land: string, borders: string, box: Box): Basemap {
  const grid = geoPath(projection)(geoGraticule10()) ?? ''
  return {
    project: (lat, lon) => { const p = projection([lon, lat]); return p ? { x: p[0], y: p[1] } : undefined },
    land: new Path2D(land), borders: new Path2D(borders), grid: new Path2D(grid), text: { land, borders, grid }, box,
  }
}

async function world(): Promise<Basemap> {
  const t = (await import('world-atlas/countries-110m.json')).default as unknown as Topology<{ countries: GeometryCollection; land: GeometryCollection }>
  const projection = geoNaturalEarth1().scale(250).translate([0, 0])
  const path = geoPath(projection)
  // Without Antarctica, where nobody runs a node, the rest is larger.
  const countries = feature(t, { type: 'GeometryCollection', geometries: t.objects.countries.geometries.filter((g) => g.id !== '010') })
  const box = { x0: -620, x1: 690, y0: -345, y1: 245 }
  return finish(projection, path(countries) ?? '', path(mesh(t, t.objects.countries, (a, b) => a !== b)) ?? '', box)
}

async function america(): Promise<Basemap> {
  const t = (await import('../assets/america.json')).default as unknown as { land: GeoJSON.MultiPolygon; borders: MultiLineString }
  const projection = geoConicEqualArea().parallels([22, 58]).rotate([98, 0]).center([0, 42]).scale(900).translate([0, 0])
  const path = geoPath(projection)
  return finish(projection, path(t.land) ?? '', path(t.borders) ?? '', { x0: -560, x1: 620, y0: -330, y1: 420 })
}

/** Where nodes stand: at their places, and side by side where several are at one. */
export function places(m: Basemap, nodes: Iterable<{ i: number; place?: Place }>): Map<number, XY> {
  const at = new Map<string, number[]>()
  const out = new Map<number, XY>()
  for (const n of nodes) {
    if (!n.place || !Number.isFinite(n.place.lat) || !Number.isFinite(n.place.lon)) continue
    const key = `${n.place.lat.toFixed(1)} ${n.place.lon.toFixed(1)}`
    const list = at.get(key)
    if (list) list.push(n.i)
    else at.set(key, [n.i])
    const p = m.project(n.place.lat, n.place.lon)
    if (p) out.set(n.i, p)
  }
  for (const list of at.values()) {
    if (list.length < 2) continue
    list.sort((a, b) => a - b)
    list.forEach((i, k) => {
      const p = out.get(i)
      if (!p) return
      const r = 9 * Math.sqrt(k), a = k * 2.39996
      out.set(i, { x: p.x + r * Math.cos(a), y: p.y + r * Math.sin(a) })
    })
  }
  return out
}
