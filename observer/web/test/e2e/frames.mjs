// How fast the graph is drawn where there is no GPU: 1,000 nodes and 5,000 links that stream, panned and zoomed by hand.
//   nice -n 0 node test/e2e/frames.mjs [--nodes 1000] [--links 5000] [--frames 120] [--renderer canvas|webgl|both] [--profile]
// Frames a second say what was seen on this machine at this time. Since any other load changes them, the processor time
// of all of Chromium is printed beside them, in ms a frame (below 33 ms one core is enough for 30 frames a second) and, of
// a page that nobody touches, in ms a second. --profile names the functions of the page's thread that cost most.
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { serve } from '../mock/server.mjs'
import { browser, open } from './browser.mjs'

const text = (d) => ({ type: 'string', default: d })
const { values: v } = parseArgs({ options: { nodes: text('1000'), links: text('5000'), frames: text('120'), renderer: text('canvas'), layout: text('hops'), profile: { type: 'boolean', default: false } } })
const FRAMES = Number(v.frames)

/** Processor time, in ms, of the processes that are descendants of this one. */
function spent() {
  const of = new Map()
  for (const pid of readdirSync('/proc').filter((p) => /^\d+$/.test(p))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      of.set(Number(pid), { parent: Number(f[1]), ms: (Number(f[11]) + Number(f[12])) * 10 })
    } catch { /* it has ended */ }
  }
  let sum = 0
  for (const [pid, p] of of) {
    let up = p.parent
    while (up > 1 && up !== process.pid) up = of.get(up)?.parent ?? 0
    if (up === process.pid && pid !== process.pid) sum += p.ms
  }
  return sum
}

const paints = (page) => page.evaluate(() => Number(document.querySelector('canvas.hands').dataset.paints ?? 0))

/** What a part of the story took: time, processor time, pictures of the scene. */
async function measure(page, run) {
  const cpu = spent(), p = await paints(page), t = Date.now()
  const frames = await run()
  return { ms: Date.now() - t, cpu: spent() - cpu, paints: (await paints(page)) - p, frames }
}

/** The page moves itself by its own events, one for each frame, so that nothing but drawing is measured. */
const drive = (page, how) => page.evaluate(([n, what]) => new Promise((done) => {
  const c = document.querySelector('canvas.hands'), r = c.getBoundingClientRect()
  const fire = (type, x) => c.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: r.left + x, clientY: r.top + 300, button: 0, buttons: 1, pointerId: 1 }))
  c.setPointerCapture = () => {}
  if (what === 'pan') fire('pointerdown', 400)
  let k = 0
  requestAnimationFrame(function next() {
    if (k++ === n) {
      if (what === 'pan') fire('pointerup', 400)
      done(n)
      return
    }
    if (what === 'pan') fire('pointermove', 400 + 60 * Math.sin(k / 6))
    else c.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: r.left + 400, clientY: r.top + 300, deltaY: Math.cos(k / 10) * 40 }))
    requestAnimationFrame(next)
  })
}), [FRAMES, how])

async function profiled(context, page, run) {
  if (!v.profile) return run()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Profiler.enable')
  await cdp.send('Profiler.setSamplingInterval', { interval: 500 })
  await cdp.send('Profiler.start')
  const out = await run()
  const { profile } = await cdp.send('Profiler.stop')
  const of = new Map(profile.nodes.map((n) => [n.id, n.callFrame])), self = new Map()
  profile.samples.forEach((id, k) => { const f = of.get(id), name = `${f.functionName || '(anonymous)'} ${f.lineNumber}:${f.columnNumber}`; self.set(name, (self.get(name) ?? 0) + profile.timeDeltas[k] / 1000) })
  for (const [name, ms] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 12)) console.log(`    ${ms.toFixed(0).padStart(6)} ms  ${name}`)
  return out
}

const s = await serve({ nodes: +v.nodes, links: +v.links, fail: 0, poll: 1 })
for (const webgl of v.renderer === 'both' ? [true, false] : [v.renderer === 'webgl']) {
  const b = await browser({ webgl })
  const { page, wrong } = await open(b.context, `${s.url}?renderer=${webgl ? 'webgl' : 'canvas'}#layout=${v.layout}`, {})
  page.setDefaultTimeout(600_000)
  await page.getByText('nodes up').waitFor()
  // Laid out, painted, and still being painted as data come.
  await page.waitForFunction(() => Number(document.querySelector('canvas.hands')?.dataset.paints ?? 0) > 8)
  console.log(`${webgl ? 'WebGL by SwiftShader' : 'canvas, no WebGL'}: ${v.nodes} nodes, ${v.links} links`)
  for (const [name, run] of [['pan', () => drive(page, 'pan')], ['zoom', () => drive(page, 'zoom')]]) {
    const m = await measure(page, () => profiled(b.context, page, run))
    console.log(`  ${name.padEnd(5)} ${(m.frames / m.ms * 1000).toFixed(1).padStart(5)} frames/s  ${(m.cpu / m.frames).toFixed(1).padStart(5)} ms of processor a frame  ${m.paints} pictures in ${m.frames} frames`)
  }
  const m = await measure(page, () => profiled(b.context, page, async () => { await page.waitForTimeout(10_000); return 0 }))
  console.log(`  rest  ${(m.cpu / m.ms * 1000).toFixed(0).padStart(5)} ms of processor a second, streaming at 1 s polls  ${m.paints} pictures in ${(m.ms / 1000).toFixed(1)} s`)
  if (wrong.length) console.log(wrong.slice(0, 3).join('\n'))
  await b.close()
}
s.close()
process.exit(0)
