// Numbers as people read them, always of about the same width, so that nothing jumps while they change.

const steps = ['', 'K', 'M', 'G', 'T']

function scaled(v: number): [string, string] {
  let k = 0
  let x = Math.abs(v)
  while (x >= 999.5 && k < steps.length - 1) {
    x /= 1000
    k++
  }
  const digits = k === 0 ? 0 : x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2
  return [(v < 0 ? '-' : '') + x.toFixed(digits), steps[k]!]
}

export function bytes(v: number | undefined): string {
  if (v === undefined || !Number.isFinite(v)) return '–'
  const [n, s] = scaled(v)
  return `${n} ${s}B`
}

export const rate = (v: number | undefined): string => (v === undefined || !Number.isFinite(v) ? '–' : `${bytes(v)}/s`)

export function count(v: number | undefined): string {
  if (v === undefined || !Number.isFinite(v)) return '–'
  if (Math.abs(v) < 10_000) return Number.isInteger(v) ? String(v) : v.toPrecision(3)
  const [n, s] = scaled(v)
  return n + s
}

export const messages = (v: number | undefined): string => `${count(v)} ${v === 1 ? 'message' : 'messages'}`

export function duration(v: number | undefined): string {
  if (v === undefined || !Number.isFinite(v)) return '–'
  if (v === 0) return '0 s'
  const a = Math.abs(v)
  if (a < 0.9995e-3) return `${(v * 1e6).toFixed(0)} µs`
  if (a < 0.9995) return `${(v * 1e3).toFixed(a < 0.01 ? 2 : a < 0.1 ? 1 : 0)} ms`
  if (a < 120) return `${v.toFixed(a < 10 ? 2 : 1)} s`
  if (a < 7200) return `${Math.floor(v / 60)} min ${Math.floor(v % 60)} s`
  return `${Math.floor(v / 3600)} h ${Math.floor((v % 3600) / 60)} min`
}

export const percent = (v: number | undefined): string =>
  v === undefined || !Number.isFinite(v) ? '–' : `${(v * 100).toFixed(v < 0.0995 && v > 0 ? 1 : 0)}%`

/** A time since the beginning: 12.34 s, 3:05.2, 1:02:03. */
export function clock(t: number): string {
  const s = Math.max(0, t)
  if (s < 60) return `${s.toFixed(2)} s`
  const h = Math.floor(s / 3600)
  const m = Math.floor((s % 3600) / 60)
  const r = s % 60
  const two = (v: number): string => String(Math.floor(v)).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(r)}` : `${m}:${two(r)}.${Math.floor((r % 1) * 10)}`
}

/** Reads a rate as scenarios write it: 100KBps, 3Mbps, 1.5 MB/s, 250000. undefined: not a rate; 0: unlimited. */
export function parseRate(text: string): number | undefined {
  const s = text.trim()
  if (s === '' || /^(unlimited|none|0)$/i.test(s)) return 0
  const m = /^([0-9]*\.?[0-9]+)\s*([KMG]?)(B|b)?(ps|\/s)?$/.exec(s)
  if (!m) return undefined
  const factor = { '': 1, K: 1e3, M: 1e6, G: 1e9 }[m[2]!]!
  const v = Number(m[1]) * factor * (m[3] === 'b' ? 1 / 8 : 1)
  return Number.isFinite(v) && v > 0 ? v : undefined
}

/** Writes a rate as parseRate and the command line read it. */
export function rateLiteral(v: number): string {
  if (v === 0) return 'unlimited'
  for (const [u, f] of [['GBps', 1e9], ['MBps', 1e6], ['KBps', 1e3]] as const) if (v >= f && Number((v / f).toFixed(6)) * f === v) return Number((v / f).toFixed(6)) + u
  return `${v}Bps`
}
