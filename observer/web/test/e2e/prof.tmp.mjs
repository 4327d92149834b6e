import { serve } from '../mock/server.mjs'
import { browser, open } from './browser.mjs'
const s = await serve({ nodes: 1000, links: 5000, fail: 0, poll: 1 })
const b = await browser({ webgl: false })
const { page } = await open(b.context, `${s.url}?renderer=canvas#layout=hops`, {})
page.setDefaultTimeout(300000)
await page.getByText('nodes up').waitFor()
await page.waitForTimeout(5000)
const cdp = await b.context.newCDPSession(page)
async function trace(name, run) {
  const br = await b.context.browser()?.newBrowserCDPSession?.() ?? cdp
  const ev = []
  cdp.on('Tracing.dataCollected', (e) => ev.push(...e.value))
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'toplevel', 'cc', 'viz', 'blink', 'v8', 'disabled-by-default-devtools.timeline'] } }).catch((e) => console.log('trace', e.message))
  await cdp.send('Profiler.enable'); await cdp.send('Profiler.setSamplingInterval', { interval: 500 }); await cdp.send('Profiler.start')
  const t0 = Date.now()
  await run()
  const { profile } = await cdp.send('Profiler.stop')
  const done = new Promise((f) => cdp.once('Tracing.tracingComplete', f))
  await cdp.send('Tracing.end'); await done
  const dt = Date.now() - t0
  const self = new Map(); const by = new Map(profile.nodes.map((n) => [n.id, n]))
  profile.samples.forEach((id, k) => { const n = by.get(id); const f = `${n.callFrame.functionName || 'anon'}:${n.callFrame.lineNumber}:${n.callFrame.columnNumber}`; self.set(f, (self.get(f) ?? 0) + profile.timeDeltas[k] / 1000) })
  console.log(`== ${name} ${dt} ms; JS self ms/s`)
  for (const [f, v] of [...self].sort((a, c) => c[1] - a[1]).slice(0, 25)) console.log((v / dt * 1000).toFixed(1), f)
  const threads = new Map(); for (const e of ev) if (e.ph === 'M' && e.name === 'thread_name') threads.set(`${e.pid}-${e.tid}`, e.args.name)
  const cpu = new Map()
  for (const e of ev) if (e.ph === 'X' && (e.tdur ?? e.dur) > 300) { const k = `${threads.get(`${e.pid}-${e.tid}`)} ${e.name}`; const c = cpu.get(k) ?? [0, 0]; c[0] += (e.tdur ?? e.dur) / 1000; c[1]++; cpu.set(k, c) }
  console.log('-- trace, ms/s (inclusive), count')
  for (const [k, c] of [...cpu].sort((a, c) => c[1][0] - a[1][0]).slice(0, 40)) console.log((c[0] / dt * 1000).toFixed(1), c[1], k)
}
const only = process.argv[2]
if (only !== 'pan') await trace('idle', () => page.waitForTimeout(6000))
if (only !== 'idle') await trace('pan', () => page.evaluate((n) => new Promise((done) => {
    const c = document.querySelector('canvas.hands'), r = c.getBoundingClientRect()
    const fire = (type, x) => c.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: r.left + x, clientY: r.top + 300, button: 0, buttons: 1, pointerId: 1 }))
    c.setPointerCapture = () => {}
    fire('pointerdown', 400); let k = 0
    requestAnimationFrame(function next() { if (k++ === n) { fire('pointerup', 400); done(); return } fire('pointermove', 400 + 60 * Math.sin(k / 6)); requestAnimationFrame(next) })
  }), 120))
await b.close(); s.close(); process.exit(0)
