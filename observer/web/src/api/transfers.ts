// Single transfers of messages, as columns: who sent which message to whom, when it left and when it arrived.

export interface Transfers {
  n: number
  /** How many there are in the whole interval; more than n if the answer was cut. */
  total: number
  left: Float64Array
  arrived: Float64Array
  from: Uint32Array
  to: Uint32Array
  app: Uint32Array
  seq: Float64Array
  type: Uint32Array
  bytes: Uint32Array
}

export function decodeTransfers(b: ArrayBuffer): Transfers {
  const head = new DataView(b)
  const n = head.getUint32(0, true)
  const total = head.getUint32(4, true)
  const need = 8 + n * (8 * 3 + 4 * 5)
  if (b.byteLength < need) throw new Error(`transfers: ${b.byteLength} bytes for ${n} transfers, which are ${need}`)
  let at = 8
  // A column need not begin where its numbers could be read in place (n may be odd), so it is copied out.
  const f64 = (): Float64Array => {
    const a = new Float64Array(b.slice(at, at + 8 * n))
    at += 8 * n
    return a
  }
  const u32 = (): Uint32Array => {
    const a = new Uint32Array(b.slice(at, at + 4 * n))
    at += 4 * n
    return a
  }
  return { n, total, left: f64(), arrived: f64(), from: u32(), to: u32(), app: u32(), seq: f64(), type: u32(), bytes: u32() }
}
