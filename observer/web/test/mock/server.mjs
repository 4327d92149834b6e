// The observer's HTTP interface over a made-up overlay, with the real one's content security policy:
//   node test/mock/server.mjs [--port 8099] [--mode live|recording|empty] [--nodes 16] [--links 0] [--chunks 0] [--fail 9] [--token T]
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'
import { Overlay } from './overlay.mjs'

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' }
const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
export const csp = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"

export async function serve({ port = 0, mode = 'live', nodes = 16, links = 0, chunks = 0, fail = 9, seconds = 60, token = '', poll = 0.5, seed = 3 } = {}) {
  const overlay = new Overlay({ nodes: mode === 'empty' ? 0 : nodes, links, chunks, failEvery: fail, seed })
  const first = overlay.full()
  const updates = []
  const recording = { can: mode === 'live', running: false, file: 'observer.rec', bytes: 0, filled: 0, lost: 0 }
  const log = []
  const push = (u) => {
    updates.push(u)
    for (const s of sockets) s.send(JSON.stringify({ type: 'update', update: u }))
  }
  const sockets = new Set()
  if (mode === 'recording') while (overlay.t < seconds) updates.push(overlay.step(poll))
  else for (let k = 0; k < 60; k++) updates.push(overlay.step(poll))
  const timer = mode === 'recording' ? undefined : setInterval(() => push(overlay.step(poll)), poll * 1000)
  const at = (t) => {
    // Slow and plain: the page's merge patch is tested elsewhere.
    const world = structuredClone(first)
    world.t = 0
    const node = new Map(world.nodes.map((n) => [n.i, n])), link = new Map(world.links.map((l) => [`${l.f}-${l.t}`, l])), state = new Map()
    for (const u of updates) {
      if (u.t > t) break
      world.t = u.t
      for (const n of u.nodes) Object.assign(node.get(n.i), structuredClone(n))
      for (const l of u.links) Object.assign(link.get(`${l.f}-${l.t}`), structuredClone(l))
      for (const s of u.states) state.set(`${s.node} ${s.name}`, s)
    }
    world.states = [...state.values()]
    return world
  }
  const end = () => updates.at(-1)?.t ?? 0
  const json = (res, v, status = 200) => {
    res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    res.end(JSON.stringify(v))
  }
  const body = async (req) => {
    let s = ''
    for await (const c of req) s += c
    return JSON.parse(s || '{}')
  }
  const server = createServer((req, res) => void handle(req, res).catch((e) => json(res, { error: String(e) }, 500)))
  async function handle(req, res) {
    const url = new URL(req.url, 'http://x')
    const q = (k, or) => (url.searchParams.has(k) ? Number(url.searchParams.get(k)) : or)
    const route = url.pathname.replace(/^\/api\/v1\//, '')
    if (!url.pathname.startsWith('/api/')) {
      const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname)
      try {
        const data = await readFile(join(dist, path))
        res.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': csp })
        res.end(data)
      } catch { json(res, { error: `there is no ${path}` }, 404) }
      return
    }
    if (token && route !== 'login' && !(req.headers.cookie ?? '').includes(`observer=${token}`)) return json(res, { error: 'a token is needed' }, 401)
    const from = q('from', 0), to = q('to', end())
    const within = updates.filter((u) => u.t > from && u.t <= to)
    switch (route) {
      case 'login':
        if ((await body(req)).token !== token) return json(res, { error: 'that is not the token; it is printed where the observer was started' }, 401)
        res.writeHead(204, { 'Set-Cookie': `observer=${token}; HttpOnly; SameSite=Strict` })
        return res.end()
      case 'meta':
        return json(res, { mode: mode === 'recording' ? 'recording' : 'live', title: mode === 'empty' ? '' : `tree of ${nodes}`, version: 'mock', readOnly: mode === 'recording', begin: 0, end: end(), poll, nodes: overlay.nodes.length, links: overlay.links.size,
          control: mode === 'recording' ? [] : ['set-bandwidth', 'set-link', 'deploy', 'terminate-source', 'terminate-node', 'join', 'leave', 'weight', 'message', 'request'], has: { transfers: true, states: chunks > 0, places: true }, scenario: mode === 'recording' ? 'name: tree\nnodes: [n1..n16]\n' : undefined,
          expectations: mode === 'recording' ? [{ text: 'throughput(n2..n16) = 100KBps ± 5% after 1s', held: true }, { text: 'lost() = 0', held: false }] : undefined })
      case 'snapshot': return json(res, at(q('at', Infinity)))
      case 'updates': {
        const page = within.slice(0, 50)
        return json(res, { updates: page, ...(page.length < within.length ? { next: page.at(-1).t } : {}) })
      }
      case 'events': return json(res, { events: updates.flatMap((u) => u.events).slice(-q('limit', 1000)) })
      case 'log': return json(res, { log })
      case 'series': {
        const kind = url.searchParams.get('kind'), key = url.searchParams.get('key'), field = url.searchParams.get('field')
        const deep = (x) => field.split('.').reduce((o, k) => o?.[k], x) ?? null
        const value = (u) => deep(kind === 'node' ? u.nodes.find((n) => n.i === Number(key)) : u.links.find((l) => `${l.f}-${l.t}` === key))
        const step = Math.max(1, Math.ceil(within.length / q('points', 600)))
        const some = within.filter((_, k) => k % step === 0)
        return json(res, { t: some.map((u) => u.t), v: some.map(value) })
      }
      case 'transfers': {
        const all = overlay.transfers.filter((x) => x[0] >= from && x[0] < to)
        const n = Math.min(all.length, q('limit', 4000))
        const b = Buffer.alloc(8 + n * 44)
        b.writeUInt32LE(n, 0)
        b.writeUInt32LE(all.length, 4)
        let o = 8
        for (const [k, f] of [[0, 'd'], [1, 'd'], [2, 'u'], [3, 'u'], [4, 'u'], [5, 'd'], [6, 'u'], [7, 'u']]) {
          for (let j = 0; j < n; j++) {
            const v = k === 1 ? all[j][0] + all[j][1] : all[j][k]
            if (f === 'd') { b.writeDoubleLE(v, o); o += 8 } else { b.writeUInt32LE(v, o); o += 4 }
          }
        }
        res.writeHead(200, { 'Content-Type': 'application/octet-stream' })
        return res.end(b)
      }
      case 'recording': {
        if (req.method === 'POST') {
          const { action } = await body(req)
          if ((action === 'start') === recording.running) return json(res, { error: recording.running ? `not now: it records already, in ${recording.file}: stop that first` : 'not now: nothing is recorded' }, 409)
          recording.running = action === 'start'
          recording.begin = recording.running ? overlay.t : recording.begin
          recording.bytes = 12_345
        }
        return json(res, recording)
      }
      case 'control': {
        const c = await body(req)
        const events = []
        const who = c.targets === 'all' ? overlay.nodes.map((n) => n.i) : c.targets
        const results = who.map((i) => {
          const error = overlay.nodes[i] ? overlay.control(i, c, events) : `there is no node ${i}`
          return { node: i, sent: error === '', error }
        })
        log.push({ time: new Date().toISOString(), who: 'you', kind: 'control', text: `${c.action} ${who.map((i) => `n${i + 1}`).join(' ')}` })
        push({ t: overlay.t, nodes: overlay.nodes.map((n) => ({ i: n.i, up: n.up, caps: n.caps })), links: [...overlay.links.values()].map((l) => ({ f: l.f, t: l.t, up: l.up, cap: l.cap, loss: l.loss, latency: l.latency })), events, states: [] })
        return json(res, { results, command: `ioverlay ctl ${c.action}` })
      }
      default: return json(res, { error: `there is no ${url.pathname}` }, 404)
    }
  }
  const ws = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req, socket, head) => ws.handleUpgrade(req, socket, head, (s) => {
    s.send(JSON.stringify({ type: 'snapshot', update: { ...overlay.full(), t: end() } }))
    sockets.add(s)
    s.on('close', () => sockets.delete(s))
  }))
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}/`, overlay,
    close: () => { clearInterval(timer); for (const s of sockets) s.terminate(); server.closeAllConnections(); server.close() },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = (d) => ({ type: 'string', default: d })
  const { values: v } = parseArgs({ options: { port: text('8099'), mode: text('live'), nodes: text('16'), links: text('0'), chunks: text('0'), fail: text('9'), token: text('') } })
  const s = await serve({ port: +v.port, mode: v.mode, nodes: +v.nodes, links: +v.links, chunks: +v.chunks, fail: +v.fail, token: v.token })
  console.log(s.url)
}
