import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Asker } from '../src/state/asker.ts'

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

/** Questions that are answered when the test says so. */
function rig() {
  const asked: { what: string; signal: AbortSignal; answer(): Promise<void>; fail(): Promise<void> }[] = [], heard: string[] = []
  const a = new Asker()
  const settled = async (): Promise<void> => { await vi.advanceTimersByTimeAsync(60_000) }
  const ask = (about: string, what: string): void => a.ask(about, (signal) => new Promise<string>((yes, no) => {
    asked.push({ what, signal, answer: () => { yes(what); return settled() }, fail: () => { no(new Error(what)); return settled() } })
  }), (v) => heard.push(v), (e) => heard.push(`failed: ${e.message}`))
  return { a, ask, asked, heard }
}

test('an answer that comes late is heard, however often one has asked meanwhile, and the last question after it', async () => {
  const { ask, asked, heard } = rig()
  for (const what of ['1', '2', '3']) ask('in', what)
  expect(asked.map((x) => x.what)).toEqual(['1'])
  await asked[0]!.answer()
  expect(heard).toEqual(['1'])
  expect(asked.map((x) => x.what)).toEqual(['1', '3'])
  await asked[1]!.fail()
  expect(heard).toEqual(['1', 'failed: 3'])
  ask('in', '4')
  await asked[2]!.answer()
  expect(heard.at(-1)).toBe('4')
})

test('a question about something else takes the place of the one that waits', async () => {
  const { a, ask, asked, heard } = rig()
  ask('in', '1')
  ask('in', '2')
  ask('out', '3')
  expect(asked.map((x) => [x.what, x.signal.aborted])).toEqual([['1', true], ['3', false]])
  await asked[0]!.answer()
  await asked[1]!.answer()
  expect(heard).toEqual(['3'])
  ask('out', '4')
  a.end()
  await asked[2]!.answer()
  expect(heard).toEqual(['3'])
  expect(asked.length).toBe(3)
})
