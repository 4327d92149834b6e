// The stories of run.mjs.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessible } from './axe.mjs'

const up = (p) => p.getByText(/nodes up/).waitFor()
const seen = (p, text) => p.getByText(text).first().waitFor()
const tab = (p, name) => p.getByRole('tab', { name: new RegExp(`^${name}`) }).click()

async function choose(p, name) {
  await p.locator('#search').fill(name)
  await p.locator('#search').press('Enter')
  await p.locator('aside.right h2', { hasText: name }).first().waitFor()
  await p.locator('#search').fill('')
  await p.locator('#search').blur()
}

/** Waits until what a function of the observer's snapshot gives is true. */
async function until(p, what, arg, text) {
  const end = Date.now() + 180_000
  for (;;) {
    const snapshot = await p.evaluate(async () => (await fetch('./api/v1/snapshot')).json())
    const got = what(snapshot, arg)
    if (got) return got
    if (Date.now() > end) throw new Error(`never seen: ${text}`)
    await p.waitForTimeout(400)
  }
}

export async function views(p) {
  await up(p)
  for (const [key, name] of [['2', 'Map'], ['3', 'Table'], ['4', 'Series'], ['5', 'Spread'], ['6', 'Race'], ['1', 'Graph']]) {
    await p.locator('body').press(key)
    await p.getByRole('tab', { name, exact: true, selected: true }).waitFor()
    await p.waitForTimeout(400)
  }
  for (const l of ['Tree', 'DAG', 'Chain', 'Hops', 'Latency', 'Force']) {
    await p.getByRole('button', { name: l, exact: true }).click()
    await p.waitForTimeout(200)
  }
  await p.locator('body').press('?')
  await seen(p, 'lay out anew')
  await p.keyboard.press('Escape')
  await p.getByRole('dialog').waitFor({ state: 'detached' })
  const theme = await p.evaluate(() => document.documentElement.dataset.theme)
  await p.locator('body').press('t')
  await p.waitForFunction((was) => document.documentElement.dataset.theme !== was, theme)
  // Nobody can get anywhere without a name: every control has one.
  const nameless = await p.evaluate(() => [...document.querySelectorAll('button, select, input, [tabindex="0"]')].filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')?.textContent.trim())).map((e) => e.outerHTML.slice(0, 120)))
  assert.deepEqual(nameless, [])
}

export async function find(p) {
  await up(p)
  await choose(p, 'n7')
  await p.waitForFunction(() => location.hash.includes('sel=6'))
  await p.locator('body').press('3')
  await p.getByRole('row', { selected: true }).getByText('n7').waitFor()
  const address = p.url()
  await p.goto('about:blank')
  await p.goto(address)
  await p.locator('aside.right h2', { hasText: 'n7' }).waitFor()
  await p.getByRole('tab', { name: 'Table', selected: true }).waitFor()
}

export async function hostile(p, overlay) {
  await up(p)
  const evil = '<img src=x onerror=window.evil=1>'
  const n = overlay.nodes[3]
  const old = n.name
  n.name = evil
  await p.reload()
  await choose(p, evil)
  await p.locator('body').press('3')
  await seen(p, evil)
  assert.equal(await p.evaluate(() => window.evil ?? document.querySelectorAll('img').length), 0)
  n.name = old
}

export async function exports(p) {
  await up(p)
  await p.waitForTimeout(800)
  for (const [button, ending, starts] of [[/^SVG/, '.svg', '<svg'], [/^PNG/, '.png', '\x89PNG'], [/^Nodes, CSV/, '.csv', 'node,id'], [/^Links, CSV/, '.csv', 'from,to'], [/^Topology, DOT/, '.dot', 'digraph']]) {
    await p.getByRole('button', { name: 'Export', exact: true }).click()
    const [file] = await Promise.all([p.waitForEvent('download'), p.getByRole('menuitem', { name: button }).click()])
    assert.ok(file.suggestedFilename().endsWith(ending), file.suggestedFilename())
    const text = await readFile(await file.path(), 'latin1')
    assert.ok(text.startsWith(starts) && text.length > 200, `${ending}: ${text.slice(0, 80)}`)
    if (ending === '.svg') assert.equal((text.match(/<text /g) ?? []).length, 16)
  }
}

export async function mockControl(p, overlay) {
  await up(p)
  await choose(p, 'n2')
  await tab(p, 'Control')
  await p.getByRole('textbox', { name: 'Up', exact: true }).fill('30kbps')
  assert.ok(await p.getByRole('button', { name: 'Set bandwidth', exact: true }).isDisabled(), 'a wrong unit is not sent')
  await p.getByRole('textbox', { name: 'Up', exact: true }).fill('30KBps')
  await p.getByRole('button', { name: 'Set bandwidth', exact: true }).click()
  await seen(p, /Bandwidth: sent to one node/)
  assert.equal(overlay.nodes[1].caps.up, 30_000)
  await tab(p, 'Inspect')
  await seen(p, 'of 30.0 KB/s')
  await tab(p, 'Control')
  await p.getByRole('button', { name: 'Terminate node', exact: true }).click()
  await p.getByRole('dialog').getByText(/ioverlay ctl terminate-node --target 1/).waitFor()
  await p.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.ok(overlay.nodes[1].up, 'what is not confirmed does not happen')
  await p.getByRole('button', { name: 'Terminate node', exact: true }).click()
  await p.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click()
  await p.locator('.domino').getByText('n2 crash').waitFor()
  await p.locator('.domino').getByText(/7 nodes hit, up to 2 hops/).waitFor()
  await tab(p, 'Log')
  await seen(p, 'terminate-node n2')
}

/** Every control of the panel sends its order, and nothing else. */
export async function everyOrder(p, overlay) {
  const sent = []
  p.on('request', (r) => { if (r.url().endsWith('/control')) sent.push(JSON.parse(r.postData())) })
  const order = async (name, want, confirm) => {
    const before = sent.length
    await p.locator('aside.right').getByRole('button', { name, exact: true }).click()
    if (confirm) await p.getByRole('dialog').getByRole('button', { name: confirm, exact: true }).click()
    for (let k = 0; sent.length === before; k++) {
      assert.ok(k < 300, `${name} sends nothing`)
      await p.waitForTimeout(100)
    }
    assert.deepEqual(sent.slice(before), [want], name)
    await p.locator('aside.right').getByRole('button', { name, exact: true, disabled: false }).waitFor().catch(() => {}) // the answer is there, or the node is gone
  }
  const fill = (name, text) => p.getByRole('textbox', { name, exact: true }).fill(text)
  await up(p)
  await tab(p, 'Control')
  await order('Poll all now', { targets: 'all', action: 'request' })
  await choose(p, 'n5')
  const targets = [4]
  await fill('Total', '1MBps')
  await fill('Down', 'unlimited')
  await order('Set bandwidth', { targets, action: 'set-bandwidth', total: 1e6, up: overlay.nodes[4].caps.up ?? 0, down: 0 })
  await fill('Number', '3')
  await fill('Parameter', '-2')
  await fill('Payload of deploy', 'rate=5')
  await order('Deploy source', { targets, action: 'deploy', app: 3, b: -2, payload: 'rate=5' })
  await order('Join', { targets, action: 'join', app: 3, b: -2 })
  await order('Leave', { targets, action: 'leave', app: 3, b: -2 })
  await order('Terminate source', { targets, action: 'terminate-source', app: 3 }, 'Terminate')
  await p.getByText('Weight of the session').click()
  await fill('From', '1')
  await fill('Weight', '4')
  await order('Set weight', { targets, action: 'weight', app: 3, weight: 4, from: 1 })
  await p.getByText('Message to the algorithm').click()
  await fill('Type', '1024')
  await fill('First', '7')
  await fill('Second', '-8')
  await fill('Payload', 'hello')
  await order('Send message', { targets, action: 'message', type: 1024, a: 7, b: -8, app: 0, payload: 'hello' })
  await fill('Payload', 'aGk=')
  await p.getByLabel('it is base64').check()
  await order('Send message', { targets, action: 'message', type: 1024, a: 7, b: -8, app: 0, payloadBase64: 'aGk=' })
  await order('Terminate node', { targets, action: 'terminate-node' }, 'Terminate')
  // A link: what is left empty stays as it is.
  const l = overlay.links.get('0-1')
  await p.goto(`${new URL(p.url()).origin}/#edge=0-1`)
  await p.reload()
  await tab(p, 'Control')
  await fill('Rate', '50KBps')
  await fill('Latency', '20ms')
  await fill('Jitter, spread', '2ms')
  await p.getByLabel('Jitter, shape').selectOption('normal')
  await order('Set link', { targets: [0], action: 'set-link', to: 1, rate: 50_000, latency: 0.02, jitter: 'normal', spread: 0.002, loss: l.loss ?? 0 })
}

export async function replay(p) {
  await up(p)
  await p.getByText('Recording', { exact: true }).waitFor()
  const slider = p.getByRole('slider', { name: 'Time' })
  const at = async () => Number(await slider.getAttribute('aria-valuenow'))
  await p.locator('body').press(' ')
  await p.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > 0.3)
  await p.locator('body').press(' ')
  const box = await slider.boundingBox()
  await p.mouse.click(box.x + box.width * 0.75, box.y + 20)
  await p.waitForFunction(() => Math.abs(Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) - 30) < 1)
  await p.locator('body').press('6')
  await p.waitForFunction(() => document.querySelectorAll('[role=progressbar]').length === 16)
  const values = () => p.evaluate(() => [...document.querySelectorAll('[role=progressbar]')].map((e) => e.getAttribute('aria-valuenow')))
  await p.waitForTimeout(500)
  const late = await values()
  await p.mouse.click(box.x + box.width * 0.25, box.y + 20)
  await p.waitForTimeout(700)
  const early = await values()
  const sum = (l) => l.reduce((a, v) => a + Number(v), 0)
  assert.ok(sum(early) < sum(late), `earlier has less: ${early} ${late}`)
  await p.mouse.click(box.x + box.width * 0.75, box.y + 20)
  await p.waitForTimeout(700)
  assert.deepEqual(await values(), late, 'the same time shows the same, whence one comes')
  const before = await at()
  await p.locator('body').press(',')
  await p.waitForFunction((t) => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) < t, before)
}

export async function empty(p) {
  await seen(p, 'No nodes yet')
  await seen(p, /ioverlay run examples\/demo.yaml --world live --observer/)
}

export async function login(p, token) {
  await seen(p, 'This observer asks for its token')
  await p.getByLabel('Token').fill('wrong')
  await p.getByRole('button', { name: 'Open the observer' }).click()
  await seen(p, /that is not the token/)
  await p.getByLabel('Token').fill(token)
  await p.getByRole('button', { name: 'Open the observer' }).click()
  await up(p)
}

/** Completion times of all nodes as a distribution, at a time when some are done and at the end, beside what the states say. */
export async function completion(p, url) {
  const clock = (t) => (t < 60 ? `${t.toFixed(2)} s` : '?')
  const rows = p.locator('.view table tbody tr')
  const ends = (await (await fetch(`${url}api/v1/snapshot?at=60`)).json()).states.map((s) => s.t).sort((a, b) => a - b)
  for (const at of [ends[Math.floor(ends.length / 2)], 60]) {
    const w = await (await fetch(`${url}api/v1/snapshot?at=${at}`)).json()
    const up = new Set(w.nodes.filter((n) => n.up !== false).map((n) => n.i)), name = new Map(w.nodes.map((n) => [n.i, n.name]))
    const racing = w.states.filter((s) => s.name === 'chunks' && up.has(s.node))
    const done = racing.filter((s) => s.value >= s.of).sort((a, b) => a.t - b.t || a.node - b.node)
    assert.ok(done.length > 0 && (at === 60 || done.length < racing.length), `${done.length} of ${racing.length} are done at ${at} s`)
    await p.goto('about:blank')
    await p.goto(`${url}#view=spread&figure=done.chunks&t=${at}`)
    await p.getByText(`${done.length} of ${racing.length} have it by now`).waitFor()
    const cells = await rows.first().locator('td').allInnerTexts()
    const rank = (share) => { const d = done[Math.ceil(share * racing.length) - 1]; return d ? clock(d.t) : '–' }
    assert.deepEqual(cells.slice(1).map((c) => c.trim()), [
      done.length < racing.length ? `${done.length} of ${racing.length}` : String(racing.length), clock(done.reduce((a, s) => a + s.t, 0) / done.length),
      clock(done[0].t), rank(0.1), rank(0.5), rank(0.9), rank(0.99), clock(done.at(-1).t),
    ])
    const [file] = await Promise.all([p.waitForEvent('download'), p.locator('.view').getByRole('button', { name: 'CSV' }).click()])
    const csv = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/).slice(1).map((l) => l.split(','))
    assert.deepEqual(csv.map((r) => [r[0], Number(r[2])]), done.map((s) => [name.get(s.node), s.t]))
    await p.locator('.plot canvas').waitFor()
  }
  // By group the counts are of each of them.
  await p.getByRole('button', { name: 'By group' }).click()
  await p.waitForFunction(() => document.querySelectorAll('.view table tbody tr').length > 2)
}

/** Of the real observer: its token opens the page once, is left nowhere that scripts see, and its cookie goes on. */
export async function realLogin(p, url, token) {
  const asked = () => seen(p, 'This observer asks for its token')
  await asked()
  await accessible(p, 'login')
  await p.getByLabel('Token').fill('not-the-token-at-all')
  await p.getByRole('button', { name: 'Open the observer' }).click()
  await seen(p, /that is not the token of this observer/)
  await p.getByLabel('Token').fill(token)
  await p.keyboard.press('Enter')
  await seen(p, 'No nodes yet')
  await p.getByText('Live', { exact: true }).first().waitFor() // the WebSocket has the cookie too
  const [cookie, ...more] = await p.context().cookies(url)
  assert.deepEqual([more.length, cookie.httpOnly, cookie.sameSite, cookie.value.includes(token)], [0, true, 'Strict', false])
  const left = await p.evaluate(() => location.href + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  assert.ok(!left.includes(token) && !left.includes(cookie.value), left)
  await p.reload()
  await seen(p, 'No nodes yet')
  await p.context().clearCookies()
  await p.reload()
  await asked()
}

// --- on a running overlay

/** Those that the demo fails by itself: what one does to them may come too late. */
const failing = ['London', 'New_York', 'Berkeley', 'Berlin', 'Tokyo', 'Seattle']

/** A node that feeds others, not the source: its index, name and whom it feeds. One that does not fail by itself, if there is. */
function feeder(s) { return among(s, failing) ?? among(s, []) }

function among(s, not) {
  for (const n of s.nodes) {
    if (n.up === false || not.includes(n.name) || Object.values(n.apps ?? {}).some((a) => a.source)) continue
    const out = s.links.filter((l) => l.f === n.i && l.up !== false && (l.rate ?? 0) > 20_000)
    if (out.length > 0) return { i: n.i, name: n.name, out: out.map((l) => l.t) }
  }
  return undefined
}

export async function throttle(p) {
  await until(p, (s) => s.nodes.filter((n) => n.up).length === 16, undefined, '16 nodes')
  const n = await until(p, feeder, undefined, 'a node that feeds others')
  await choose(p, n.name)
  await tab(p, 'Control')
  await p.getByRole('textbox', { name: 'Up', exact: true }).fill('10KBps')
  await p.getByRole('button', { name: 'Set bandwidth', exact: true }).click()
  await seen(p, /Bandwidth: sent to one node/)
  await until(p, (s) => s.nodes.find((x) => x.i === n.i)?.caps?.up === 10_000, undefined, 'the limit in a report')
  await until(p, (s) => s.links.filter((l) => l.f === n.i && l.up !== false).reduce((a, l) => a + (l.rate ?? 0), 0) < 15_000, undefined, 'links that follow')
  await tab(p, 'Inspect')
  await seen(p, 'of 10.0 KB/s')
  await tab(p, 'Control')
  await p.getByRole('textbox', { name: 'Up', exact: true }).fill('unlimited')
  await p.getByRole('button', { name: 'Set bandwidth', exact: true }).click()
  await until(p, (s) => !s.nodes.find((x) => x.i === n.i)?.caps?.up, undefined, 'the limit lifted')
  await tab(p, 'Log')
  await seen(p, /set-bandwidth/)
}

export async function session(p) {
  const n = await until(p, (s) => s.nodes.find((x) => x.up && x.name === 'Sydney'), undefined, 'Sydney')
  await choose(p, n.name)
  await tab(p, 'Control')
  await p.getByRole('textbox', { name: 'Number' }).fill('7')
  await p.getByRole('textbox', { name: 'Parameter' }).fill('1000')
  await p.getByRole('button', { name: 'Deploy source', exact: true }).click()
  await seen(p, /Source: sent to one node/)
  await until(p, (s) => s.nodes.find((x) => x.i === n.i)?.apps?.['7']?.source, undefined, 'the source in a report')
  await p.keyboard.press('Escape')
  await tab(p, 'Inspect')
  await seen(p, `from ${n.name}`)
  await choose(p, n.name)
  await tab(p, 'Control')
  await p.getByRole('textbox', { name: 'Number' }).fill('7')
  await p.getByRole('button', { name: 'Terminate source', exact: true }).click()
  await p.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click()
  await until(p, (s) => !s.nodes.find((x) => x.i === n.i)?.apps?.['7']?.source, undefined, 'the source gone')
}

export async function kill(p) {
  const n = await until(p, (s) => feeder(s), undefined, 'a node that feeds others')
  await choose(p, n.name)
  await tab(p, 'Control')
  await p.getByRole('button', { name: 'Terminate node', exact: true }).click()
  await p.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click()
  await until(p, (s) => s.nodes.find((x) => x.i === n.i)?.up === false, undefined, 'the node down')
  const row = p.locator('button.event', { hasText: new RegExp(`${n.name} (down|crash|terminate)`) }).first()
  await row.waitFor()
  await row.click()
  await p.locator('.domino').getByText(n.name).first().waitFor()
  await p.locator('.domino').getByText(/nodes? hit/).waitFor()
}

/** What is shown is recorded while it runs, and what was recorded can be read. `info` is what `ioverlay record info` says of a file. */
export async function record(p, folder, info) {
  await up(p)
  await p.keyboard.press('Escape')
  await tab(p, 'Control')
  await p.getByRole('button', { name: 'Start recording', exact: true }).click()
  await seen(p, 'Recording in demo.rec.')
  const badge = p.locator('header .badge', { hasText: 'Recording' })
  await badge.waitFor()
  // Another page, or a command, ends it: this one hears of that.
  await p.evaluate(() => fetch('./api/v1/recording', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"action":"stop"}' }))
  await badge.waitFor({ state: 'detached' })
  await p.getByRole('button', { name: 'Start recording', exact: true }).click()
  await badge.waitFor()
  await accessible(p, 'a recording that runs')
  await p.getByRole('button', { name: 'Stop recording', exact: true }).click()
  await seen(p, 'The recording in demo.rec has ended.')
  await badge.waitFor({ state: 'detached' })
  const files = (await readdir(folder)).filter((f) => f.endsWith('.rec'))
  assert.equal(files.length, 2, `the first is an old file now: ${files}`)
  for (const f of files) assert.match(await info(join(folder, f)), /nodes\W+16/)
  await tab(p, 'Log')
  await seen(p, /record start in demo.rec/)
  await seen(p, /record stop, in demo.rec/)
}

export async function liveScrub(p) {
  await up(p)
  await p.locator('body').press(' ')
  await seen(p, 'Paused')
  const slider = p.getByRole('slider', { name: 'Time' })
  await slider.press('Home')
  await p.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) < 5)
  await p.locator('body').press('l')
  await p.getByText('Live', { exact: true }).first().waitFor()
}
