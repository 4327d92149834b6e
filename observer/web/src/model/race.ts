// Who has how much, and who is done: by a state that algorithms declare ("3 of 16 chunks"), or by what a session
// delivered.

import type { World } from './world.ts'
import { byNumber } from './stats.ts'

export interface RaceKind { id: string; label: string; state?: string; app?: string }
export interface Racer { node: number; value: number; of?: number; share: number; done?: number; down: boolean }

export function raceKinds(w: World): RaceKind[] {
  const states = new Set<string>(), apps = new Set<string>()
  for (const s of w.states.values()) for (const x of Object.values(s)) if (typeof x.value === 'number' && x.of) states.add(x.name)
  for (const n of w.nodes.values()) for (const [id, a] of Object.entries(n.apps ?? {})) if (a.delivered !== undefined && !a.source) apps.add(id)
  return [
    ...[...states].sort().map((s) => ({ id: `state.${s}`, label: `State: ${s}`, state: s })),
    ...[...apps].sort(byNumber).map((a) => ({ id: `app.${a}`, label: `Session ${a}: messages delivered`, app: a })),
  ]
}

/** In order: who is done first, then who has most; the same figures keep the order of their indices. */
export function racers(w: World, k: RaceKind): Racer[] {
  const out: Racer[] = []
  let most = 0
  for (const n of w.nodes.values()) {
    if (k.state !== undefined) {
      const s = w.states.get(n.i)?.[k.state]
      if (!s || typeof s.value !== 'number' || !s.of) continue
      const share = s.value / s.of
      out.push({ node: n.i, value: s.value, of: s.of, share, down: n.up === false, ...(share >= 1 ? { done: s.t } : {}) })
    } else {
      const a = n.apps?.[k.app!]
      if (!a || a.source || a.delivered === undefined) continue
      most = Math.max(most, a.delivered)
      out.push({ node: n.i, value: a.delivered, share: 0, down: n.up === false })
    }
  }
  if (k.app !== undefined) for (const r of out) r.share = most > 0 ? r.value / most : 0
  return out.sort((a, b) => (a.done ?? Infinity) - (b.done ?? Infinity) || b.share - a.share || a.node - b.node)
}
