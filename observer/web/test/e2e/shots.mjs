// A picture of every view, at two sizes and in both themes, on a real overlay and real recordings:
//   node test/e2e/shots.mjs --binary ../../bin/ioverlay --out FOLDER [--only NAME] [--quick]
// --quick takes the larger size dark and the smaller one light, and not all four.
// They are to be looked at. Those of README and docs are the dark graph-domino and the light graph-node at 1440.
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { browser, open } from './browser.mjs'
import { serve } from '../mock/server.mjs'
import { demo, observer, view } from './ioverlay.mjs'
import { record } from './recordings.mjs'

const { values: v } = parseArgs({ options: { binary: { type: 'string' }, out: { type: 'string' }, only: { type: 'string', default: '' }, quick: { type: 'boolean', default: false } } })
if (!v.binary || !v.out) throw new Error('give --binary PATH and --out FOLDER')
mkdirSync(v.out, { recursive: true })
const sizes = [[1440, 900], [1024, 768]], themes = ['dark', 'light']
const b = await browser({ webgl: false })

/** The page at each size in each theme, brought to where `go` takes it; at the wide one alone if it needs the list of events, which narrow pages have not. */
async function shoot(name, url, hash, go = async () => {}, wide = false) {
  if (!name.includes(v.only)) return
  for (const theme of themes) for (const [width, height] of sizes) {
    if (wide && width !== sizes[0][0]) continue
    if (v.quick && (theme === 'dark') !== (width === sizes[0][0])) continue
    const { page, check } = await open(b.context, `${url}#${hash}`, { width, height, theme, calm: true, allow: (t) => t.includes('401') })
    page.setDefaultTimeout(180_000)
    await go(page)
    await page.evaluate(() => document.fonts.ready)
    // Figures, sparklines and series that are asked for have come, and glides have ended.
    await page.waitForTimeout(1500)
    await page.screenshot({ path: `${v.out}/${name}-${width}-${theme}.png`, timeout: 180_000 })
    check()
    await page.close()
    console.log(`${name}-${width}-${theme}.png`)
  }
}

const d = await demo(v.binary)
{
  // Until the tree carries data to all, and a failure can be looked at.
  const now = async () => (await fetch(`${d.url}api/v1/snapshot`)).json()
  let at = await now()
  while (at.t < 32 || at.nodes.filter((n) => n.in > 0).length <= 10) {
    await new Promise((go) => setTimeout(go, 1000))
    at = await now()
  }
  const node = at.nodes.find((n) => n.name === 'Seattle').i
  const seen = async (p) => { await p.getByText(/nodes up/).first().waitFor() }
  // Its card, or the panel that orders it about, is where the counts of all are otherwise.
  const chosen = async (p) => { await p.locator('aside.right h2', { hasText: 'Seattle' }).first().waitFor() }
  // Lines are asked for, and a machine that is busy takes its time.
  const drawn = async (p) => { await chosen(p); await p.waitForFunction(() => [...document.querySelectorAll('aside.right svg[role=img]')].every((e) => e.querySelector('path[stroke-linejoin]').getAttribute('d').includes('L'))) }
  await shoot('graph', d.url, 'layout=force', seen)
  await shoot('graph-tree', d.url, 'layout=tree', seen)
  await shoot('graph-node', d.url, `layout=tree&sel=${node}`, drawn)
  await shoot('graph-domino', d.url, 'layout=tree&t=26.5', async (p) => {
    await seen(p)
    await p.locator('button.event', { hasText: /London.*(down|crash|terminate)/ }).first().click()
    await p.locator('.domino').waitFor()
  }, true)
  await shoot('map', d.url, 'view=map', seen)
  await shoot('map-america', d.url, 'view=map&map=america', seen)
  await shoot('table', d.url, 'view=table', seen)
  await shoot('table-links', d.url, 'view=table', async (p) => { await seen(p); await p.getByRole('button', { name: 'Links', exact: true }).first().click() })
  await shoot('series', d.url, `view=series&sel=${node}`, async (p) => { await drawn(p); await p.waitForFunction(() => !document.querySelector('main .vals').textContent.includes('–')) })
  await shoot('spread', d.url, 'view=spread&figure=stress', seen)
  await shoot('race', d.url, 'view=race', seen)
  await shoot('control', d.url, `layout=tree&sel=${node}`, async (p) => { await chosen(p); await p.getByRole('tab', { name: /^Control/ }).click() })
  await shoot('control-none', d.url, 'layout=tree', async (p) => { await seen(p); await p.getByRole('tab', { name: /^Control/ }).click(); await p.getByRole('button', { name: 'Start recording', exact: true }).waitFor() })
  await shoot('log', d.url, 'layout=tree', async (p) => { await seen(p); await p.getByRole('tab', { name: /^Log/ }).click() })
  await shoot('help', d.url, 'layout=tree', async (p) => { await seen(p); await p.locator('body').press('?'); await p.getByRole('dialog').waitFor() })
}
await d.end()
const r = await record(v.binary)
const two = await view(v.binary, r.sim, r.live)
await shoot('compare', two.url, 't=1.7', async (p) => { await p.getByText(/links in both/).waitFor() })
await two.end()
const one = await view(v.binary, r.sim)
await shoot('recording', one.url, 't=1.7&layout=dag', async (p) => { await p.getByText(/nodes up/).first().waitFor() })
await one.end()
r.remove()
const o = await observer(v.binary)
await shoot('empty', o.url, '', async (p) => { await p.getByText('No nodes yet').waitFor() })
await o.end()
{
  const s = await serve({ token: 'a-token-of-16-bytes' })
  await shoot('login', s.url, '', async (p) => { await p.getByText('This observer asks for its token').waitFor() })
  s.close()
}
{
  const s = await serve({ mode: 'recording', chunks: 16, nodes: 24, seconds: 40 })
  await shoot('race-chunks', s.url, 'view=race&t=14', async (p) => { await p.waitForFunction(() => document.querySelectorAll('[role=progressbar]').length > 20) })
  await shoot('spread-done', s.url, 'view=spread&figure=done.chunks&t=24', async (p) => { await p.getByText(/have it by now/).waitFor() })
  s.close()
}
{
  const s = await serve({ nodes: 1000, links: 5000, fail: 0, poll: 2 })
  await shoot('graph-large', s.url, 'layout=hops', async (p) => { await p.waitForFunction(() => Number(document.querySelector('canvas.hands')?.dataset.paints ?? 0) > 3) })
  s.close()
}
await b.close()
process.exit(0)
