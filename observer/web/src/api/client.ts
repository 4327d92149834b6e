// The observer's REST interface. Every address is relative to the page's own, so nothing ever leaves the machine.

import type { Event, Meta, Update } from '../model/types.ts'

export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const base = new URL('./api/v1/', location.href)

function address(path: string, query: Record<string, unknown> = {}): URL {
  const url = new URL(path, base)
  for (const [k, v] of Object.entries(query)) if (v !== undefined) url.searchParams.set(k, String(v))
  return url
}

async function ask(url: URL, init: RequestInit = {}): Promise<Response> {
  let r: Response
  try {
    r = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e
    throw new ApiError(0, 'The observer does not answer. Is it still running?')
  }
  if (r.ok) return r
  let text = `${r.status} ${r.statusText}`
  try {
    const body = (await r.json()) as { error?: unknown }
    if (typeof body.error === 'string') text = body.error
  } catch { /* not JSON: the status says what there is to say */ }
  throw new ApiError(r.status, text)
}

async function get<T>(path: string, query?: Record<string, unknown>, signal?: AbortSignal): Promise<T> {
  return (await (await ask(address(path, query), signal ? { signal } : {})).json()) as T
}

export interface Outcome { node?: number; sent: boolean; error?: string }
export interface ControlAnswer { results: Outcome[]; command?: string }
export interface ControlRequest { targets: (number | string)[] | 'all'; action: string; [parameter: string]: unknown }
export interface LogLine { t?: number; time?: string; who?: string; kind?: string; text?: string; [more: string]: unknown }
export interface Series { t: number[]; v: (number | null)[] }

export const api = {
  meta: () => get<Meta>('meta'),
  snapshot: (at?: number, signal?: AbortSignal) => get<Update>('snapshot', { at }, signal),
  updates: (from: number, to: number, signal?: AbortSignal) =>
    get<{ updates: Update[] | null; next?: number }>('updates', { from, to }, signal),
  events: (q: { from?: number; to?: number; kind?: string; node?: number; limit?: number }) =>
    get<{ events: Event[] | null }>('events', q),
  series: (q: { kind: 'node' | 'link'; key: string; field: string; from: number; to: number; points?: number }, signal?: AbortSignal) =>
    get<Series>('series', q, signal),
  log: (limit = 200) => get<{ log?: LogLine[]; lines?: LogLine[]; entries?: LogLine[] }>('log', { limit }),
  transfers: async (from: number, to: number, limit: number, signal?: AbortSignal): Promise<ArrayBuffer> =>
    (await ask(address('transfers', { from, to, limit }), signal ? { signal } : {})).arrayBuffer(),
  control: async (body: ControlRequest): Promise<ControlAnswer> =>
    (await ask(address('control'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json() as Promise<ControlAnswer>,
  login: async (token: string): Promise<void> => {
    await ask(address('login'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) })
  },
  exportAddress: (format: 'dot' | 'csv' | 'jsonl', at?: number): string => address('export', { format, at }).href,
  streamAddress: (): string => {
    const url = address('stream')
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return url.href
  },
}
