// A real Chromium, headless and without a GPU, and a page whose every error and outside request is kept.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p))

export async function browser({ webgl = true } = {}) {
  if (!found) throw new Error('no Chromium: install it (apt-get install chromium) or set CHROMIUM to its path')
  const profile = mkdtempSync(join(tmpdir(), 'observer-page-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: found, headless: true, viewport: { width: 1440, height: 900 },
    args: ['--no-sandbox', '--disable-gpu-rasterization', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ...(webgl ? ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] : ['--disable-gpu', '--disable-software-rasterizer'])],
  })
  return { context, close: async () => { await context.close(); rmSync(profile, { recursive: true, force: true }) } }
}

/** A page that must stay without errors and on its own server; `check` throws with all that was wrong. */
export async function open(context, url, { width = 1440, height = 900, theme, calm = false, allow = () => false } = {}) {
  const page = await context.newPage()
  await page.setViewportSize({ width, height })
  if (calm) await page.emulateMedia({ reducedMotion: 'reduce' })
  const wrong = []
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !allow(m.text())) wrong.push(`console ${m.type()}: ${m.text()}`) })
  page.on('pageerror', (e) => wrong.push(`exception: ${e.stack ?? e}`))
  const home = new URL(url).host
  page.on('request', (r) => { const u = new URL(r.url()); if (!['blob:', 'data:'].includes(u.protocol) && u.host !== home) wrong.push(`outside request: ${r.url()}`) })
  const at = new URL(url)
  if (theme) at.hash = [at.hash.slice(1), `theme=${theme}`].filter(Boolean).join('&')
  await page.goto(at.href, { timeout: 180_000 })
  return { page, wrong, check: () => { if (wrong.length) throw new Error(`the page was not quiet:\n${wrong.join('\n')}`) } }
}
