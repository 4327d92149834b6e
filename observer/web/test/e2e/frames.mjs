// How fast the graph is drawn where there is no GPU: 1,000 nodes and 5,000 links that stream, panned by hand.
//   node test/e2e/frames.mjs [--nodes 1000] [--links 5000] [--frames 90] [--renderer canvas|webgl|both]
// Prints frames a second and, since another load on the machine changes that, the processor time of all of Chromium a
// frame: below 33 ms, one core is enough for 30 frames a second.
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { serve } from '../mock/server.mjs'
import { browser, open } from './browser.mjs'

const { values: v } = parseArgs({ options: { nodes: { type: 'string', default: '1000' }, links: { type: 'string', default: '5000' }, frames: { type: 'string', default: '90' }, renderer: { type: 'string', default: 'canvas' } } })

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

const s = await serve({ nodes: +v.nodes, links: +v.links, fail: 0, poll: 1 })
for (const webgl of v.renderer === 'both' ? [true, false] : [v.renderer === 'webgl']) {
  const b = await browser({ webgl })
  const { page, wrong } = await open(b.context, `${s.url}?renderer=${webgl ? 'webgl' : 'canvas'}#layout=hops`, {})
  page.setDefaultTimeout(300_000)
  await page.getByText('nodes up').waitFor()
  await page.waitForTimeout(4000)
  const idle0 = spent(), t0 = Date.now()
  await page.waitForTimeout(6000)
  const idle = (spent() - idle0) / (Date.now() - t0)
  const before = spent()
  // The page pans itself by pointer events, one for each frame, so that nothing but drawing is measured.
  const took = await page.evaluate((n) => new Promise((done) => {
    const c = document.querySelector('canvas.hands'), r = c.getBoundingClientRect()
    const fire = (type, x) => c.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: r.left + x, clientY: r.top + 300, button: 0, buttons: 1, pointerId: 1 }))
    c.setPointerCapture = () => {}
    fire('pointerdown', 400)
    const begin = performance.now()
    let k = 0
    requestAnimationFrame(function next() {
      if (k++ === n) {
        fire('pointerup', 400)
        done(performance.now() - begin)
        return
      }
      fire('pointermove', 400 + 60 * Math.sin(k / 6))
      requestAnimationFrame(next)
    })
  }), +v.frames)
  const cpu = spent() - before
  console.log(`${webgl ? 'WebGL by SwiftShader' : 'canvas, no WebGL'}: ${v.nodes} nodes, ${v.links} links: ${(+v.frames / took * 1000).toFixed(1)} frames/s, ${(cpu / +v.frames).toFixed(1)} ms of processor a frame; streaming untouched ${(idle * 100).toFixed(0)}% of a core`)
  if (wrong.length) console.log(wrong.slice(0, 3).join('\n'))
  await b.close()
}
s.close()
process.exit(0)
