// The page without a mouse or without eyes.
import assert from 'node:assert/strict'
import { accessible } from './axe.mjs'

const up = (p) => p.getByText(/nodes up/).waitFor()

/** Every view, panel, dialog and both themes by axe-core's rules. */
export async function axe(p) {
  await up(p)
  const wrong = []
  const check = (what) => accessible(p, what).catch((e) => { wrong.push(e.message.split('\n+ actual')[0]) })
  for (const theme of ['dark', 'light']) {
    if ((await p.evaluate(() => document.documentElement.dataset.theme)) !== theme) await p.locator('body').press('t')
    await p.waitForFunction((t) => document.documentElement.dataset.theme === t, theme)
    for (const [key, name] of [['1', 'Graph'], ['2', 'Map'], ['3', 'Table'], ['4', 'Series'], ['5', 'Spread'], ['6', 'Race']]) {
      await p.locator('body').press(key)
      await p.getByRole('tab', { name, exact: true, selected: true }).waitFor()
      await check(`${name}, ${theme}`)
    }
  }
  await p.locator('#search').fill('n2')
  await p.locator('#search').press('Enter')
  await p.locator('aside.right h2', { hasText: 'n2' }).first().waitFor()
  await check('a node inspected')
  for (const tab of ['Control', 'Log']) {
    await p.getByRole('tab', { name: new RegExp(`^${tab}`) }).click()
    await check(tab)
  }
  await p.locator('#search').blur()
  await p.locator('body').press('?')
  await p.getByRole('dialog').waitFor()
  await check('help')
  assert.deepEqual(wrong, [], wrong.join('\n'))
}

/** From the address bar by Tab alone: find a node, walk the graph by arrows, throttle it, confirm, scrub. */
export async function keyboard(p, overlay) {
  await up(p)
  const focus = () => p.evaluate(() => { const e = document.activeElement; return e.getAttribute('aria-label') ?? e.textContent.trim() })
  const tabTo = async (what) => {
    for (let k = 0; k < 120; k++) {
      if (what.test(await focus())) return
      await p.keyboard.press('Tab')
    }
    throw new Error(`Tab never comes to ${what}`)
  }
  await p.keyboard.press('/')
  await p.keyboard.type('n2')
  await p.keyboard.press('Enter')
  await p.waitForFunction(() => location.hash.includes('sel=1'))
  await p.keyboard.press('Control+a')
  await p.keyboard.press('Delete')
  await p.keyboard.press('Escape')
  await tabTo(/^Graph of the overlay/)
  const chosen = () => p.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('sel'))
  const was = await chosen()
  // There is a node in one direction at least. Several keys in a row might come back to where they began.
  let moved = false
  for (const key of ['ArrowUp', 'ArrowLeft', 'ArrowRight', 'ArrowDown']) {
    await p.keyboard.press(key)
    moved = await p.waitForFunction((was) => new URLSearchParams(location.hash.slice(1)).get('sel') !== was, was, { timeout: 5000 }).then(() => true, () => false)
    if (moved) break
  }
  assert.ok(moved, 'arrow keys do not go from node to node')
  const i = Number(await chosen())
  await tabTo(/^Control/)
  await p.keyboard.press('Enter')
  await tabTo(/^Up$|Up/)
  const box = p.getByRole('textbox', { name: 'Up', exact: true })
  await box.focus()
  await p.keyboard.type('30KBps')
  await p.keyboard.press('Enter')
  await p.getByText(/Bandwidth: sent to one node/).first().waitFor()
  assert.equal(overlay.nodes[i].caps.up, 30_000)
  // A dialog holds the focus, and gives it back.
  const kill = p.getByRole('button', { name: 'Terminate node', exact: true })
  await kill.focus()
  await p.keyboard.press('Enter')
  await p.getByRole('dialog').waitFor()
  for (let k = 0; k < 6; k++) {
    await p.keyboard.press('Tab')
    assert.ok(await p.evaluate(() => document.querySelector('[role=dialog], dialog').contains(document.activeElement) || document.activeElement === document.body), `Tab leaves the dialog: ${await focus()}`)
  }
  await p.keyboard.press('Escape')
  await p.getByRole('dialog').waitFor({ state: 'detached' })
  assert.ok(overlay.nodes[i].up)
  await tabTo(/^Time$/)
  await p.keyboard.press('Home')
  await p.waitForFunction(() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) < 1)
  await p.keyboard.press('l')
  await p.getByText('Live', { exact: true }).first().waitFor()
}
