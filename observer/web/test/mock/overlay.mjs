// A made-up overlay that speaks the observer's vocabulary: a multicast tree (or a random graph) with caps, places,
// failures and what they set off. For tests of the page without an observer; deterministic from its seed.

const cities = [
  ['Toronto', 43.7, -79.4], ['New York', 40.7, -74], ['San Francisco', 37.8, -122.4], ['Seattle', 47.6, -122.3], ['Austin', 30.3, -97.7], ['Chicago', 41.9, -87.6],
  ['Berlin', 52.5, 13.4], ['Paris', 48.9, 2.4], ['London', 51.5, -0.1], ['Madrid', 40.4, -3.7], ['Tokyo', 35.7, 139.7], ['Singapore', 1.35, 103.8],
  ['Sydney', -33.9, 151.2], ['São Paulo', -23.5, -46.6], ['Nairobi', -1.3, 36.8], ['Mumbai', 19.1, 72.9], ['Montréal', 45.5, -73.6], ['Vancouver', 49.3, -123.1],
]

export function random(seed) {
  let s = seed >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    let x = Math.imul(s ^ (s >>> 15), s | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

export class Overlay {
  constructor({ nodes = 16, links = 0, seed = 1, failEvery = 9, chunks = 0 } = {}) {
    this.rand = random(seed)
    this.t = 0
    this.failEvery = nodes > 4 ? failEvery : 0
    this.nextFail = failEvery
    this.chunks = chunks
    this.nodes = []
    this.links = new Map()
    this.transfers = []
    this.seq = 0
    for (let i = 0; i < nodes; i++) {
      const c = cities[i % cities.length]
      const k = Math.floor(i / cities.length)
      const caps = i === 0 ? { up: 800_000 } : [{ up: 200_000 }, { up: 400_000, down: 300_000 }, { total: 350_000 }, {}][i % 4]
      this.nodes.push({
        i, id: `10.0.${i >> 8}.${i & 255}:7000`, name: `n${i + 1}`, group: ['gateway', 'dsl', 'cable', 'campus'][i === 0 ? 0 : 1 + (i % 3)],
        place: { lat: c[1] + Math.sin(k * 2.4) * Math.sqrt(k) * 0.9, lon: c[2] + Math.cos(k * 2.4) * Math.sqrt(k) * 0.9, label: c[0] },
        up: true, algorithm: 'tree', since: 0.05 * Math.min(i, 40), caps, in: 0, out: 0, held: 0, queued: { msgs: 0, bytes: 0 },
        lost: { out: [0, 0], in: [0, 0] }, apps: { 1: i === 0 ? { source: true, joined: true, weight: 1, in: 0, out: 0, delivered: 0 } : { joined: true, weight: 1, in: 0, out: 0, delivered: 0, from: 0 } },
        process: { pid: 4000 + i, host: `host${i % 4}`, cpu: 0.02, rss: 18e6 + i * 1e5, fds: 12, goroutines: 9 }, metrics: { lookups: 0 }, chunk: 0,
      })
    }
    for (let i = 1; i < nodes; i++) this.connect(Math.floor((i - 1) / 3), i)
    while (this.links.size < links) {
      const f = Math.floor(this.rand() * nodes), t = Math.floor(this.rand() * nodes)
      if (f !== t) this.connect(f, t)
    }
  }

  connect(f, t) {
    const d = 0.004 + this.rand() * 0.09
    this.links.set(`${f}-${t}`, { f, t, up: true, rate: 0, rtt: 2 * d, latency: d, jitter: 0.001, loss: this.rand() < 0.12 ? 0.02 : 0, lost: [0, 0], queued: { msgs: 0, bytes: 0 }, blocked: false, apps: { 1: { rate: 0, queued: 0 } } })
  }

  full() { return { t: this.t, full: true, nodes: this.nodes.map(({ chunk, ...n }) => structuredClone(n)), links: [...this.links.values()].map((l) => structuredClone(l)), states: this.states() } }

  states() { return this.chunks ? this.nodes.filter((n) => n.up).map((n) => ({ t: this.t, node: n.i, name: 'chunks', value: n.chunk, of: this.chunks })) : [] }

  /** Goes on by dt seconds and returns what changed, as an update. */
  step(dt) {
    this.t = Math.round((this.t + dt) * 1000) / 1000
    const events = [], states = []
    if (this.failEvery && this.t >= this.nextFail) {
      this.nextFail += this.failEvery
      const dead = this.nodes.filter((n) => !n.up)
      if (dead.length > 0 && this.rand() < 0.7) this.revive(dead[0].i, events)
      else this.kill([1, 2, 3][Math.floor(this.rand() * 3)] % this.nodes.length, events)
    }
    const fed = new Set()
    const rate = new Map()
    for (const n of this.nodes) if (n.up && n.apps[1]?.source) rate.set(n.i, 120_000)
    const order = [...this.links.values()].sort((a, b) => a.f - b.f)
    for (const n of this.nodes) n.in = n.out = 0
    const kidsOf = new Map()
    for (const l of order) if (l.up) kidsOf.set(l.f, (kidsOf.get(l.f) ?? 0) + 1)
    for (const l of order) {
      const f = this.nodes[l.f], kids = kidsOf.get(l.f) ?? 1
      const cap = f.caps?.up || f.caps?.total || 1e9
      const r = l.up && rate.has(l.f) && (f.apps[1]?.source || fed.has(l.f)) ? Math.min(rate.get(l.f), cap / kids, l.cap || 1e9) * (0.93 + this.rand() * 0.07) : 0
      l.rate = Math.round(r)
      l.apps = l.up ? { 1: { rate: l.rate, queued: 0 } } : {}
      l.queued.msgs = Math.round(r / 20_000 * this.rand())
      l.queued.bytes = l.queued.msgs * 1000
      l.blocked = r > 0 && r >= cap / kids * 0.9
      f.out += l.rate
      const t = this.nodes[l.t]
      t.in += l.rate
      if (r > 0 && !fed.has(l.t)) { fed.add(l.t); rate.set(l.t, r) }
      if (r > 0 && this.rand() < 0.9) this.transfers.push([this.t + this.rand() * dt, l.latency, l.f, l.t, 1, this.seq++, 0, 1000])
    }
    for (const n of this.nodes) {
      if (!n.up) continue
      n.apps[1] = { ...n.apps[1], in: n.in, out: n.out, delivered: (n.apps[1]?.delivered ?? 0) + Math.round(n.in * dt / 1000) }
      n.queued.msgs = Math.round(n.out / 30_000)
      n.queued.bytes = n.queued.msgs * 1000
      n.process.cpu = Math.round((0.01 + n.out / 5e6 + this.rand() * 0.01) * 1000) / 1000
      n.metrics.lookups += Math.floor(this.rand() * 3)
      if (this.chunks && n.chunk < this.chunks && (n.i === 0 || fed.has(n.i)) && this.rand() < 0.5) states.push({ t: this.t, node: n.i, name: 'chunks', value: ++n.chunk, of: this.chunks })
    }
    if (this.transfers.length > 200_000) this.transfers.splice(0, 100_000)
    const pick = (o, keys) => Object.fromEntries(keys.map((k) => [k, structuredClone(o[k])]))
    return {
      t: this.t,
      nodes: this.nodes.map((n) => pick(n, ['i', 'up', 'in', 'out', 'caps', 'queued', 'apps', 'process', 'metrics', 'lost'])),
      links: order.map((l) => pick(l, ['f', 't', 'up', 'rate', 'queued', 'blocked', 'apps', 'lost', ...(l.cap !== undefined ? ['cap'] : []), 'loss', 'latency'])),
      events, states,
    }
  }

  kill(i, events) {
    const n = this.nodes[i]
    if (!n.up) return
    n.up = false
    events.push({ t: this.t, kind: 'crash', node: i, text: 'connection reset by peer' })
    const queue = [[i, 0]]
    while (queue.length > 0) {
      const [f, hop] = queue.shift()
      for (const l of this.links.values()) {
        if ((l.f !== f && !(hop === 0 && l.t === f)) || !l.up) continue
        if (hop === 0) {
          l.up = false
          l.lost = [3, 3000]
          events.push({ t: this.t + 0.004 * (hop + 1), kind: 'cut', node: l.f, peer: l.t, text: 'link closed' })
        }
        if (l.f === f) {
          events.push({ t: this.t + 0.02 * (hop + 1), kind: 'told', node: l.t, peer: f, app: 1, text: 'broken source' })
          queue.push([l.t, hop + 1])
        }
      }
    }
    n.in = n.out = 0
  }

  revive(i, events) {
    const n = this.nodes[i]
    n.up = true
    n.since = this.t
    events.push({ t: this.t, kind: 'up', node: i })
    for (const l of this.links.values()) {
      if (l.f !== i && l.t !== i) continue
      if (!this.nodes[l.f].up || !this.nodes[l.t].up) continue
      l.up = true
      events.push({ t: this.t + 0.01, kind: 'heal', node: l.f, peer: l.t })
    }
  }

  /** What an observer would do on a control message. */
  control(i, c, events, by = 'you') {
    const n = this.nodes[i]
    const say = (text) => events.push({ t: this.t, kind: 'control', node: i, text, by })
    if (c.action === 'set-bandwidth') {
      n.caps = { ...n.caps, ...Object.fromEntries(['total', 'up', 'down'].filter((k) => c[k] !== undefined).map((k) => [k, c[k]])) }
      say(`set-bandwidth ${JSON.stringify(n.caps)}`)
    } else if (c.action === 'set-link') {
      const l = this.links.get(`${i}-${c.to}`)
      if (!l) return `no link from ${n.name} to ${c.to}`
      if (c.rate !== undefined) l.cap = c.rate
      if (c.latency !== undefined) l.latency = c.latency
      if (c.loss !== undefined) l.loss = c.loss
      say(`set-link to ${this.nodes[c.to].name}`)
    } else if (c.action === 'terminate-node') {
      this.kill(i, events)
      say('terminate-node')
    } else say(c.action)
    return ''
  }
}
