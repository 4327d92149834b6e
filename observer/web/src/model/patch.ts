// JSON Merge Patch (RFC 7396) without changing what is there: what a patch does not touch is shared with the old
// value. That makes a checkpoint of the whole world two shallow copies of a map (history.ts).

type Json = unknown

const isObject = (v: Json): v is Record<string, Json> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The target with the patch applied. Neither is changed; the target itself is returned if the patch says nothing new. */
export function mergePatch<T>(target: T | undefined, patch: Json): T {
  if (!isObject(patch)) return patch as T
  const old: Record<string, Json> = isObject(target) ? target : {}
  let out: Record<string, Json> | undefined = isObject(target) ? undefined : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === null) {
      if (Object.hasOwn(old, key)) delete (out ??= { ...old })[key]
      continue
    }
    const before = Object.hasOwn(old, key) ? old[key] : undefined
    const after = isObject(value) ? mergePatch(before, value) : value
    if (after === before) continue
    out ??= { ...old }
    // A hostile name such as __proto__ must become a plain property and never a prototype.
    if (key === '__proto__') Object.defineProperty(out, key, { value: after, enumerable: true, configurable: true, writable: true })
    else out[key] = after
  }
  return (out ?? old) as T
}
