// Stories over recordings that ioverlay makes: one run in virtual time, and its live twin.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { accessible } from './axe.mjs'

const run = promisify(execFile)
const scenario = fileURLToPath(new URL('../../../../examples/failure.yaml', import.meta.url))

/** Records examples/failure.yaml in both worlds. A live run on a slow machine may miss its expectations: exit code 1. */
export async function record(binary) {
  const folder = mkdtempSync(join(tmpdir(), 'observer-recordings-'))
  const sim = join(folder, 'virtual.rec'), live = join(folder, 'live.rec')
  const held = (e) => { if (e.code !== 1) throw e }
  await run(binary, ['sim', scenario, '--record', sim, '--record-transfers'])
  await run(binary, ['run', scenario, '--world', 'live', '--record', live]).catch(held)
  return { sim, live, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What `ioverlay record info` says of a file. */
export const info = async (binary, file) => (await run(binary, ['record', 'info', file])).stdout

const now = (p) => p.evaluate(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')))
const until = (p, t) => p.waitForFunction((t) => Math.abs(Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) - t) < 0.15, t)
const row = (p, name) => p.locator('.compare tbody tr', { has: p.getByRole('button', { name, exact: true }) })

async function scrub(p, share) {
  const box = await p.getByRole('slider', { name: 'Time' }).boundingBox()
  await p.mouse.click(box.x + box.width * share, box.y + 20)
}

/** Two recordings by one clock, what differs, and the address of it. */
export async function compare(p) {
  await p.getByRole('tab', { name: 'Compare', selected: true }).waitFor()
  await p.getByRole('region', { name: /^Virtual time/ }).waitFor()
  await p.getByRole('region', { name: /^Live/ }).waitFor()
  // It plays when it is opened unless motion is not wanted; it is not here.
  await scrub(p, 0.5)
  await p.getByText(/6 nodes and \d+ links in both/).waitFor() // B has failed at 1 s, in both
  const rows = p.locator('.compare tbody tr')
  await p.waitForFunction(() => document.querySelectorAll('.compare tbody tr').length === 6)
  // Both sides have the rate that the source sends at, and the page says how far apart they are.
  const cells = (await row(p, 'D').locator('td').allInnerTexts()).map((s) => s.trim())
  assert.match(cells[1], /KB\/s|B\/s/)
  assert.match(cells[2], /KB\/s|B\/s/)
  // One clock: a step goes to the next change of either, and both graphs have been painted for it.
  const before = await now(p)
  await p.locator('body').press('.')
  await p.waitForFunction((t) => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > t, before)
  assert.equal(await p.locator('.compare canvas.hands').count(), 2)
  // One choice: the row, both graphs' node, and the chart's heading.
  await row(p, 'G').getByRole('button').click()
  await p.locator('.compare tr.chosen', { hasText: 'G' }).waitFor()
  await p.getByRole('heading', { name: 'G receives' }).waitFor()
  await p.locator('.compare figure canvas').waitFor()
  await p.getByRole('button', { name: 'Links', exact: true }).click()
  await rows.filter({ hasText: 'D → E' }).first().waitFor()
  await p.getByRole('button', { name: 'Nodes', exact: true }).click()
  await accessible(p, 'two recordings')
  const [file] = await Promise.all([p.waitForEvent('download'), p.locator('.compare').getByRole('button', { name: 'CSV' }).click()])
  assert.equal(file.suggestedFilename(), 'differences.csv')
  // The address has the time and what is chosen.
  await p.waitForFunction(() => /t=/.test(location.hash) && /sel=/.test(location.hash))
  const address = p.url(), t = await now(p)
  await p.goto('about:blank')
  await p.goto(address)
  await until(p, t)
  await p.locator('.compare tr.chosen', { hasText: 'G' }).waitFor()
  // The other views show the first.
  await p.locator('body').press('3')
  await p.getByRole('tab', { name: 'Table', selected: true }).waitFor()
}

/** Played from the beginning: both go on together, and the failure's domino is found. */
export async function play(p) {
  await p.getByRole('tab', { name: 'Compare', selected: true }).waitFor()
  await p.getByRole('slider', { name: 'Time' }).press('Home')
  await p.getByRole('combobox', { name: 'Speed' }).selectOption('4')
  await p.getByRole('button', { name: 'Play' }).click()
  await p.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > 3.9)
  await p.getByText(/5 nodes and \d+ links in both/).waitFor()
}
