// The vocabulary of the observer's API: docs/observer.md and package record. Times are seconds since the world's
// beginning, rates bytes a second, sizes bytes, ratios 0..1. What is absent is unknown, not zero.

export interface Place { lat: number; lon: number; label?: string }
export interface Caps { total?: number; up?: number; down?: number }
export interface Count { msgs: number; bytes: number }
export type Pair = [msgs: number, bytes: number]

export interface NodeApp {
  source?: boolean
  joined?: boolean
  weight?: number
  in?: number
  out?: number
  delivered?: number
  bytes?: number
  from?: number
}

export interface Process { pid?: number; host?: string; cpu?: number; rss?: number; fds?: number; goroutines?: number }

export interface Node {
  i: number
  gone?: boolean
  id?: string
  name?: string
  group?: string
  place?: Place
  up?: boolean
  algorithm?: string
  since?: number
  caps?: Caps
  in?: number
  out?: number
  lost?: { out?: Pair; in?: Pair }
  held?: number
  queued?: Count
  apps?: Record<string, NodeApp>
  process?: Process
  metrics?: Record<string, number>
  extra?: unknown
}

export interface LinkApp { rate?: number; queued?: number }

export interface Link {
  f: number
  t: number
  up?: boolean
  gone?: boolean
  rate?: number
  cap?: number
  rtt?: number
  latency?: number
  jitter?: number
  loss?: number
  lost?: Pair
  queued?: Count
  blocked?: boolean
  apps?: Record<string, LinkApp>
}

export interface Event {
  t: number
  kind: string
  node?: number
  peer?: number
  app?: number
  text?: string
  by?: string
}

export interface State { t: number; node: number; name: string; value: number | string; of?: number }

/** A patch of a node or link: RFC 7396, so null removes a field. */
export type Patch<T> = { [K in keyof T]?: T[K] | null }
export type NodePatch = Patch<Node> & { i: number }
export type LinkPatch = Patch<Link> & { f: number; t: number }

export interface Update {
  t: number
  full?: boolean
  nodes?: NodePatch[]
  links?: LinkPatch[]
  events?: Event[]
  states?: State[]
}

export interface Meta {
  mode: 'live' | 'recording' | 'sim'
  title?: string
  version?: string
  readOnly?: boolean
  begin?: number
  end?: number
  epochUnix?: number
  /** A second recording is shown beside this one. */
  twin?: boolean
  poll?: number
  nodes?: number
  links?: number
  control?: string[]
  has?: { transfers?: boolean; states?: boolean; places?: boolean }
  /** The address that nodes are given, of a live one. */
  observer?: string
  scenario?: string
  expectations?: { text: string; held?: boolean }[]
}

/** Whether data of a session go over a link; others only carry control messages, or nothing. */
export function carries(l: Link): boolean {
  if (l.up === false || !l.apps) return false
  for (const _ in l.apps) return true
  return false
}

export const linkKey = (f: number, t: number): string => `${f}-${t}`
