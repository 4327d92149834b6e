// What the control panel asks for: requests to the observer, and the same as a command line. The observer takes a
// set-bandwidth or set-link as a whole (what is left out is unlimited), so what one leaves alone is filled in from what
// holds now, and nodes for which that differs get requests of their own.

import type { ControlRequest } from '../api/client.ts'
import { linkKey, type Node } from './types.ts'
import type { World } from './world.ts'

export type Values = Record<string, number | string | undefined>

/** Requests that set some of total, up, down of nodes and leave the others as they are. */
export function bandwidth(nodes: Node[], set: { total?: number | undefined; up?: number | undefined; down?: number | undefined }): ControlRequest[] {
  const by = new Map<string, ControlRequest & { targets: number[] }>()
  for (const n of nodes) {
    const caps = { total: set.total ?? n.caps?.total ?? 0, up: set.up ?? n.caps?.up ?? 0, down: set.down ?? n.caps?.down ?? 0 }
    const key = JSON.stringify(caps)
    const r = by.get(key)
    if (r) r.targets.push(n.i)
    else by.set(key, { targets: [n.i], action: 'set-bandwidth', ...caps })
  }
  return [...by.values()]
}

/** A request that sets some properties of a link and leaves the others as they are. */
export function link(w: World, f: number, t: number, set: { rate?: number | undefined; latency?: number | undefined; spread?: number | undefined; shape?: string | undefined; loss?: number | undefined }): ControlRequest {
  const l = w.links.get(linkKey(f, t))
  const spread = set.spread ?? l?.jitter ?? 0
  return {
    targets: [f], action: 'set-link', to: t, rate: set.rate ?? l?.cap ?? 0, latency: set.latency ?? l?.latency ?? 0,
    ...(spread > 0 ? { jitter: set.shape ?? 'uniform', spread } : {}), loss: set.loss ?? l?.loss ?? 0,
  }
}

const flags = ['app', 'a', 'b', 'type', 'total', 'up', 'down', 'to', 'rate', 'latency', 'jitter', 'spread', 'loss', 'from', 'weight', 'payload', 'payloadBase64']

const word = (s: string): string => (/^[\w.,:/=@%+-]+$/.test(s) ? s : `'${s.replaceAll("'", "'\\''")}'`)

/** The same request as `ioverlay ctl` takes it. */
export function commandLine(r: ControlRequest, observer: string): string {
  const out = ['ioverlay', 'ctl', r.action]
  for (const f of flags) {
    const v = r[f]
    if (v === undefined || v === '' || v === 0) continue
    out.push(`--${f === 'payloadBase64' ? 'payload-base64' : f}`, word(String(v)))
  }
  for (const t of r.targets === 'all' ? ['all'] : r.targets) out.push('--target', word(String(t)))
  return [...out, '--observer', word(observer)].join(' ')
}

/** Beginning or ending a recording, as `ioverlay ctl` takes it. */
export const recordLine = (action: 'start' | 'stop', observer: string): string => `ioverlay ctl record ${action} --observer ${word(observer)}`
