// The page as a person uses it, in a real Chromium:
//   node test/e2e/run.mjs [--binary PATH] [--shots FOLDER] [--only NAME]
// Without --binary it runs on the made-up overlay alone. Everything is waited for, nothing is timed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serve } from '../mock/server.mjs'
import { browser, open } from './browser.mjs'
import { demo, observer, view } from './ioverlay.mjs'
import * as keys from './keys.mjs'
import * as motion from './motion.mjs'
import * as recordings from './recordings.mjs'
import * as steps from './steps.mjs'

const { values } = parseArgs({ options: { binary: { type: 'string' }, shots: { type: 'string' }, only: { type: 'string' } } })
if (values.shots) mkdirSync(values.shots, { recursive: true })
// Without WebGL unless it is asked for: a page drawn by the processor is what a machine without a GPU shows, and costs a
// tenth of WebGL by software. One story looks at WebGL.
const b = await browser({ webgl: process.env.WEBGL === 'yes' })
let failed = 0

/** Runs one story on a page of its own, and fails if the page said or asked for anything that it should not. */
async function story(name, url, run, how = {}) {
  if (values.only && !name.includes(values.only)) return
  const began = Date.now()
  const p = await open(b.context, url, { calm: true, ...how })
  p.page.setDefaultTimeout(180_000)
  try {
    await run(p.page)
    p.check()
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  } catch (e) {
    failed++
    console.log(`FAIL ${name}: ${e.stack ?? e}`)
    if (p.wrong.length) console.log(p.wrong.join('\n'))
    if (values.shots) await p.page.screenshot({ path: `${values.shots}/failed.png`, timeout: 120_000 }).catch(() => {})
  }
  await p.page.close()
}

{
  const s = await serve({ nodes: 16, fail: 0 })
  await story('every view opens, by key', s.url, steps.views)
  await story('search, selection and permalink', s.url, steps.find)
  await story('what nodes say is never markup', s.url, (p) => steps.hostile(p, s.overlay))
  await story('files: SVG, PNG, CSV, DOT', s.url, steps.exports)
  await story('throttle, cut and kill', s.url, (p) => steps.mockControl(p, s.overlay))
  await story('every control sends its order', s.url, (p) => steps.everyOrder(p, s.overlay))
  await story('screen-reader names and contrast, in every view and both themes', s.url, keys.axe)
  await story('by keyboard alone', s.url, (p) => keys.keyboard(p, s.overlay))
  s.close()
}
{
  const s = await serve({ mode: 'recording', chunks: 12, nodes: 16, seconds: 40 })
  await story('a recording plays, is scrubbed, and races', s.url, steps.replay)
  await story('completion times as a distribution', s.url, (p) => steps.completion(p, s.url))
  await story('reduced motion: nothing moves by itself', s.url, (p) => motion.calm(p, s.url))
  s.close()
}
{
  const s = await serve({ mode: 'empty' })
  await story('an empty observer says what fills it', s.url, steps.empty)
  s.close()
}
{
  const s = await serve({ token: 'a-token-of-16-bytes' })
  await story('a token is asked for', s.url, (p) => steps.login(p, 'a-token-of-16-bytes'), { allow: (t) => t.includes('401') })
  s.close()
}
if (values.binary) {
  const r = await recordings.record(values.binary)
  const two = await view(values.binary, r.sim, r.live)
  await story('two recordings: one clock, what differs, permalink', two.url, recordings.compare)
  await story('two recordings are played', two.url, recordings.play)
  await two.end()
  const one = await view(values.binary, r.sim)
  await story('messages travel along links', one.url, (p) => motion.messages(p, one.url), { calm: false, allow: (t) => t.includes('willReadFrequently') }) // the story reads the canvas, the page does not
  await one.end()
  r.remove()
  const folder = mkdtempSync(join(tmpdir(), 'observer-token-')), token = 'a-token-of-a-file-0123456789'
  writeFileSync(join(folder, 'token'), token, { mode: 0o600 })
  const o = await observer(values.binary, '--token-file', join(folder, 'token'))
  await story('the real observer asks for its token, and keeps who showed it', o.url, (p) => steps.realLogin(p, o.url, token), { allow: (t) => t.includes('401') })
  await o.end()
  rmSync(folder, { recursive: true, force: true })
  const d = await demo(values.binary)
  await story('demo: find a node, throttle it, its links follow', d.url, steps.throttle)
  await story('demo: deploy and terminate a session', d.url, steps.session)
  await story('demo: kill a node and see the domino', d.url, steps.kill, { theme: 'dark' })
  await story('demo: record it, while it runs', d.url, (p) => steps.record(p, d.folder, (f) => recordings.info(values.binary, f)))
  await story('demo: scrub the live history and come back', d.url, steps.liveScrub)
  await d.end()
}
await b.close()
if (failed) console.log(`${failed} failed`)
process.exit(failed ? 1 : 0)
