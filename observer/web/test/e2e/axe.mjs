// What a screen reader gets: axe-core's rules on the page as it stands, contrast (4.5) among them.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Throws with all that the rules say of the page. */
export async function accessible(p, what) {
  // As an expression of the debugger: the page's policy allows no script that is not its own.
  const cdp = await p.context().newCDPSession(p)
  const ask = async (expression) => {
    const r = await cdp.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (r.exceptionDetails) throw new Error(`axe: ${r.exceptionDetails.exception?.description ?? r.exceptionDetails.text}`)
    return r.result.value
  }
  if (!(await ask('typeof axe === "object"'))) await ask(`${source}; true`)
  const wrong = await ask(`axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.help + '\\n' + v.nodes.slice(0, 4).map((n) => '    ' + n.html.slice(0, 160) + '\\n      ' + n.failureSummary.replace(/\\n/g, ' ')).join('\\n')))`)
  await cdp.detach()
  assert.deepEqual(wrong, [], `${what}:\n${wrong.join('\n')}`)
}
