// The page as a person uses it, in a real Chromium:
//   node test/e2e/run.mjs [--binary PATH] [--shots FOLDER] [--only NAME]
// Without --binary it runs on the made-up overlay alone. Everything is waited for, nothing is timed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { serve } from '../mock/server.mjs'
import { browser, open } from './browser.mjs'
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
  s.close()
}
{
  const s = await serve({ mode: 'recording', chunks: 12, nodes: 16, seconds: 40 })
  await story('a recording plays, is scrubbed, and races', s.url, steps.replay)
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
  const child = spawn(values.binary, ['demo', '--http', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise((found, fail) => {
    createInterface({ input: child.stdout }).on('line', (l) => { const m = /^page (http\S+)/.exec(l); if (m) found(m[1]) })
    child.on('exit', (c) => fail(new Error(`ioverlay demo ended with ${c}`)))
  })
  await story('demo: find a node, throttle it, its links follow', url, steps.throttle)
  await story('demo: deploy and terminate a session', url, steps.session)
  await story('demo: kill a node and see the domino', url, (p) => steps.kill(p, values.shots), { theme: 'dark' })
  await story('demo: scrub the live history and come back', url, steps.liveScrub)
  child.kill('SIGINT')
  await once(child, 'exit')
}
await b.close()
if (failed) console.log(`${failed} failed`)
process.exit(failed ? 1 : 0)
