// What is seen, as the part of the address after #, so that it can be sent to somebody.

export type Link = Record<string, string>

export function readHash(): Link {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
}

let last = ''

export function writeHash(values: Record<string, string | undefined>): void {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(values)) if (v !== undefined && v !== '') q.set(k, v)
  const text = q.toString()
  if (text === last) return
  last = text
  history.replaceState(null, '', text === '' ? location.pathname + location.search : `#${text}`)
}
