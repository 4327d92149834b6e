// Makes src/assets/america.json: the land of North America with the borders of countries, from world-atlas' 50 m
// countries, rounded to a tenth of a degree. Run it only to change the map; the file is committed.
import { readFileSync, writeFileSync } from 'node:fs'
import { geoArea } from 'd3-geo'
import { feature, mesh } from 'topojson-client'

const t = JSON.parse(readFileSync(new URL('../node_modules/world-atlas/countries-50m.json', import.meta.url)))
const names = new Set(['United States of America', 'Canada', 'Mexico', 'Guatemala', 'Belize', 'Honduras', 'El Salvador', 'Nicaragua', 'Costa Rica', 'Panama', 'Cuba', 'Haiti', 'Dominican Rep.', 'Jamaica', 'Bahamas', 'Puerto Rico', 'Greenland'])
const some = { type: 'GeometryCollection', geometries: t.objects.countries.geometries.filter((g) => names.has(g.properties.name)) }
const round = (p) => p.map((v) => Math.round(v * 10) / 10)
const line = (l) => l.map(round).filter((p, k, a) => k === 0 || p[0] !== a[k - 1][0] || p[1] !== a[k - 1][1])
const land = []
for (const f of feature(t, some).features) {
  for (const polygon of f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates) {
    const rings = polygon.map(line).filter((r) => r.length > 7)
    // An island that rounding has turned inside out would be all of the sphere but itself.
    const area = rings.length > 0 ? geoArea({ type: 'Polygon', coordinates: rings }) : 0
    if (area > 2e-6 && area < 1 && rings[0].every((p) => p[0] < 0)) land.push(rings)
  }
}
const borders = mesh(t, some, (a, b) => a !== b).coordinates.map(line).filter((l) => l.length > 1)
const out = { land: { type: 'MultiPolygon', coordinates: land }, borders: { type: 'MultiLineString', coordinates: borders } }
writeFileSync(new URL('../src/assets/america.json', import.meta.url), JSON.stringify(out) + '\n')
console.log(`${land.length} islands, ${JSON.stringify(out).length} bytes`)
