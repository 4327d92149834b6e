// The observer's REST interface. Every address is relative to the page's own, so nothing ever leaves the machine.

import type { Event, Meta, Update } from '../model/types.ts'

export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

function address(base: string, path: string, query: Record<string, unknown> = {}): URL {
  const url = new URL(base + path, location.href)
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

export interface Outcome { node?: number; sent: boolean; error?: string }
export interface ControlAnswer { results: Outcome[]; command?: string }
export interface ControlRequest { targets: (number | string)[] | 'all'; action: string; [parameter: string]: unknown }
export interface LogLine { t?: number; time?: string; who?: string; kind?: string; text?: string; [more: string]: unknown }
/** Whether what is shown is recorded, and how that goes, or went the last time. */
export interface Recording { can: boolean; running: boolean; file?: string; begin?: number; bytes: number; filled: number; lost: number; error?: string }
export interface Series { t: number[]; v: (number | null)[] }

/** What can be asked of the past: of what the page shows, or of what is shown beside it. */
export class Past {
  protected readonly base: string
  constructor(base: string) { this.base = base }

  protected async get<T>(path: string, query?: Record<string, unknown>, signal?: AbortSignal): Promise<T> {
    return (await (await ask(address(this.base, path, query), signal ? { signal } : {})).json()) as T
  }
  meta(): Promise<Meta> { return this.get('meta') }
  snapshot(at?: number, signal?: AbortSignal): Promise<Update> { return this.get('snapshot', { at }, signal) }
  updates(from: number, to: number, signal?: AbortSignal): Promise<{ updates: Update[] | null; next?: number }> {
    return this.get('updates', { from, to }, signal)
  }
  events(q: { from?: number; to?: number; kind?: string; node?: number; limit?: number }): Promise<{ events: Event[] | null }> {
    return this.get('events', q)
  }
  series(q: { kind: 'node' | 'link'; key: string; field: string; from: number; to: number; points?: number }, signal?: AbortSignal): Promise<Series> {
    return this.get('series', q, signal)
  }
  async transfers(from: number, to: number, limit: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    return (await ask(address(this.base, 'transfers', { from, to, limit }), signal ? { signal } : {})).arrayBuffer()
  }
}

class Api extends Past {
  log(limit = 200): Promise<{ log?: LogLine[]; lines?: LogLine[]; entries?: LogLine[] }> { return this.get('log', { limit }) }
  private post(path: string, body: unknown): Promise<Response> {
    return ask(address(this.base, path), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  }
  async control(body: ControlRequest): Promise<ControlAnswer> { return (await (await this.post('control', body)).json()) as ControlAnswer }
  recording(): Promise<Recording> { return this.get('recording') }
  async record(action: 'start' | 'stop'): Promise<Recording> { return (await (await this.post('recording', { action })).json()) as Recording }
  async login(token: string): Promise<void> { await this.post('login', { token }) }
  streamAddress(): string {
    const url = address(this.base, 'stream')
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return url.href
  }
}

export const api = new Api('./api/v1/')
