import { expect, test } from 'vitest'
import { mergePatch } from '../src/model/patch.ts'
import { random } from './mock/overlay.mjs'

// The pseudocode of RFC 7396, section 2, on copies: slow and plainly right.
function oracle(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const out: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? structuredClone(target as Record<string, unknown>) : {}
  for (const [k, v] of Object.entries(patch)) {
    if (v === null) delete out[k]
    else out[k] = oracle(out[k], v)
  }
  return out
}

// The examples of its appendix A.
test.each([
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'], ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'], ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'], ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'], ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'], ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'], ['{"a":"foo"}', 'null', 'null'], ['{"a":"foo"}', '"bar"', '"bar"'], ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'], ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
])('%s patched with %s is %s', (target, patch, want) => {
  expect(mergePatch(JSON.parse(target), JSON.parse(patch))).toEqual(JSON.parse(want))
})

function value(r: () => number, depth: number, nulls: boolean): unknown {
  const k = Math.floor(r() * (depth > 0 ? 6 : 4))
  if (k === 0) return nulls ? null : 0
  if (k === 1) return Math.floor(r() * 4)
  if (k === 2) return ['x', 'y', ''][Math.floor(r() * 3)]
  if (k === 3) return r() < 0.5
  if (k === 4) return [Math.floor(r() * 3)]
  const o: Record<string, unknown> = {}
  for (let n = Math.floor(r() * 4); n > 0; n--) o['abcd'[Math.floor(r() * 4)]!] = value(r, depth - 1, nulls)
  return o
}

test('is what the oracle says, and changes neither of its arguments', () => {
  const r = random(7)
  for (let k = 0; k < 3000; k++) {
    const target = value(r, 3, false), patch = value(r, 3, true)
    const before = [structuredClone(target), structuredClone(patch)]
    expect(mergePatch(target, patch)).toEqual(oracle(target, patch))
    expect([target, patch]).toEqual(before)
  }
})

test('shares what the patch does not touch', () => {
  const target = { a: { x: 1 }, b: { y: 2 } }
  const out = mergePatch(target, { a: { x: 2 } })
  expect(out.b).toBe(target.b)
  expect(mergePatch(target, { a: { x: 1 } })).toBe(target)
})

test('a hostile name becomes no prototype', () => {
  const out = mergePatch<Record<string, unknown>>({}, JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'))
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  expect(Object.getPrototypeOf(out)).toBe(Object.prototype)
  expect(Object.hasOwn(out, '__proto__')).toBe(true)
})
