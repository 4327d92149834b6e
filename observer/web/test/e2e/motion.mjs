// What moves, and that it does not for those who ask for less motion.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

const now = (p) => p.evaluate(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')))
const above = (p) => p.evaluate(() => document.querySelector('canvas.hands').toDataURL())
const paints = (p) => p.evaluate(() => Number(document.querySelector('canvas.hands').dataset.paints ?? 0))

/** The picture as SVG, once it is the same twice: nothing glides any more. */
async function still(p) {
  const take = async () => {
    await p.getByRole('button', { name: 'Export', exact: true }).click()
    const [file] = await Promise.all([p.waitForEvent('download'), p.getByRole('menuitem', { name: /^SVG/ }).click()])
    return readFile(await file.path(), 'utf8')
  }
  let last = await take()
  for (let k = 0; k < 100; k++) {
    const next = await take()
    if (next === last) return next
    last = next
  }
  throw new Error('the picture never stands still')
}

/** Where nodes are, by name, in pixels of the canvas: circles and names come in one order, a source has a second circle around its own. */
function places(svg) {
  const circles = [...svg.matchAll(/<circle cx="([\d.-]+)" cy="([\d.-]+)"/g)].map((m) => m.slice(1).map(Number)).filter((c, k, a) => k === 0 || c[0] !== a[k - 1][0] || c[1] !== a[k - 1][1])
  return new Map([...svg.matchAll(/<text [^>]*>([^<]*)</g)].map((m, k) => [m[1], circles[k]]))
}

/** Single messages of the recording, row by row. */
async function transfers(url, from, to) {
  const b = new DataView(await (await fetch(`${url}api/v1/transfers?from=${from}&to=${to}&limit=4000`)).arrayBuffer())
  const n = b.getUint32(0, true)
  const f = (col, k) => b.getFloat64(8 + 8 * (col * n + k), true), u = (col, k) => b.getUint32(8 + 16 * n + 4 * (col * n + k), true)
  return Array.from({ length: n }, (_, k) => ({ left: f(0, k), arrived: f(1, k), from: u(0, k), to: u(1, k), app: u(2, k) }))
}

/** How opaque what lies above the graph is at some points: 255 where a message is. */
const ink = (p, points) => p.evaluate((points) => {
  const g = document.querySelector('canvas.hands').getContext('2d'), k = devicePixelRatio
  return points.map(([x, y]) => g.getImageData(Math.round(x * k), Math.round(y * k), 1, 1).data[3])
}, points)

/** Each message that is under way is a dot on its link, as far along as its time says; without motion there is none. */
export async function messages(p, url) {
  const snapshot = await (await fetch(`${url}api/v1/snapshot?at=0.6`)).json()
  const name = new Map(snapshot.nodes.map((n) => [n.i, n.name]))
  // A message is shown for 0.3 s at least; those that arrive never are another mark.
  const all = (await transfers(url, 0.2, 1.2)).filter((x) => Number.isFinite(x.arrived)).map((x) => ({ ...x, until: Math.max(x.arrived, x.left + 0.3) }))
  const one = all.find((x) => x.app > 0 && x.left > 0.4)
  assert.ok(one, 'the recording has messages')
  const seen = []
  for (const share of [0.25, 0.75]) {
    const t = Math.round((one.left + share * (one.until - one.left)) * 1000) / 1000 // as the address has it
    await p.goto('about:blank')
    await p.goto(`${url}#layout=tree&t=${t.toFixed(3)}`)
    await p.getByText(/nodes up/).first().waitFor()
    const at = places(await still(p))
    const under = all.filter((x) => x.left + 0.002 < t && x.until - 0.002 > t)
    const points = under.map((x) => {
      const [ax, ay] = at.get(name.get(x.from)), [bx, by] = at.get(name.get(x.to))
      const d = Math.hypot(bx - ax, by - ay), s = (t - x.left) / (x.until - x.left)
      return [ax + (bx - ax) * s - ((by - ay) / d) * 3.2, ay + (by - ay) * s + ((bx - ax) / d) * 3.2]
    })
    await p.emulateMedia({ reducedMotion: 'reduce' })
    let without
    for (let k = 0; ; k++) { // names are there still, and hide what is below them
      without = await ink(p, points)
      if (without.filter((a) => a === 0).length > points.length / 2) break
      assert.ok(k < 300, 'messages are shown to those who ask for less motion')
      await p.waitForTimeout(100)
    }
    await p.emulateMedia({ reducedMotion: 'no-preference' })
    for (let k = 0; ; k++) {
      const a = await ink(p, points)
      if (a.every((v, j) => without[j] > 0 || v > 200)) break
      assert.ok(k < 300, `at ${t} s messages are not where they should be: ${JSON.stringify(points.map((x, j) => [...x, a[j], without[j]]))}`)
      await p.waitForTimeout(100)
    }
    assert.ok(points.length > 0 && without.some((a) => a === 0), 'some are to be seen')
    const j = under.findIndex((x) => x.left === one.left && x.from === one.from && x.to === one.to)
    const from = at.get(name.get(one.from))
    seen.push(Math.hypot(points[j][0] - from[0], points[j][1] - from[1]))
  }
  assert.ok(seen[0] < seen[1], `it goes along: ${seen}`)
  // Played, they move by themselves.
  await p.getByRole('button', { name: 'Play' }).click()
  const first = await above(p)
  await p.waitForFunction((was) => document.querySelector('canvas.hands').toDataURL() !== was, first)
}

/** Nothing moves by itself for those who ask for that, and does again when they ask no more. */
export async function calm(p, url) {
  await p.getByText(/nodes up/).first().waitFor()
  await p.getByRole('button', { name: 'Play' }).waitFor()
  await p.waitForTimeout(1000)
  assert.equal(await now(p), 0, 'a recording plays by itself')
  // Another layout is there at once and does not glide.
  await p.getByRole('button', { name: 'Chain', exact: true }).click()
  await p.getByRole('button', { name: 'Chain', exact: true, pressed: true }).waitFor()
  const chain = await still(p)
  await p.getByRole('button', { name: 'Tree', exact: true }).click()
  await p.getByRole('button', { name: 'Tree', exact: true, pressed: true }).waitFor()
  await p.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  await p.getByRole('button', { name: 'Export', exact: true }).click()
  const [file] = await Promise.all([p.waitForEvent('download'), p.getByRole('menuitem', { name: /^SVG/ }).click()])
  const tree = await readFile(await file.path(), 'utf8')
  assert.notEqual(tree, chain)
  assert.equal(tree, await still(p), 'the tree glides')
  // A domino stands there as a whole.
  await p.getByRole('slider', { name: 'Time' }).press('End')
  await p.locator('button.event', { hasText: /crash/ }).first().waitFor()
  await still(p)
  const plain = await above(p)
  await p.locator('button.event', { hasText: /crash/ }).first().click()
  await p.locator('.domino').getByText(/nodes? hit/).waitFor()
  await p.waitForFunction((was) => document.querySelector('canvas.hands').toDataURL() !== was, plain)
  const whole = await above(p), painted = await paints(p)
  await p.waitForTimeout(1000)
  assert.equal(await above(p), whole, 'the domino moves')
  assert.equal(await paints(p), painted, 'links flow')
  // Neither a notice nor a race slides.
  await p.locator('body').press('6')
  await p.getByRole('slider', { name: 'Time' }).press('Home')
  await p.getByRole('button', { name: 'Copy the address of this view' }).click()
  await p.locator('.toast').waitFor()
  assert.equal(await p.evaluate(() => document.getAnimations().length), 0)
  // Asked for again, it is there again: links flow, and a recording that is opened plays.
  await p.locator('body').press('1')
  await p.emulateMedia({ reducedMotion: 'no-preference' })
  const then = await paints(p)
  await p.waitForFunction((was) => Number(document.querySelector('canvas.hands').dataset.paints) > was + 2, then)
  await p.goto('about:blank')
  await p.goto(url)
  await p.waitForFunction(() => Number(document.querySelector('[role=slider]')?.getAttribute('aria-valuenow')) > 0.3)
}
