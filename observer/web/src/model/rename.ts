// The indices of one overlay's nodes in another with nodes of the same names, so that both can be laid side by side.

import type { Transfers } from '../api/transfers.ts'
import type { Event, LinkPatch, NodePatch, State, Update } from './types.ts'

/** Nodes that the other has not get indices from here on. */
export const ALONE = 1_000_000

interface Named { i: number; name?: string | null | undefined; id?: string | null | undefined }

export class Rename {
  private readonly byName = new Map<string, number>()
  private readonly there = new Map<number, number>()
  private readonly back = new Map<number, number>()

  /** `ours` are the nodes whose indices count. A name that two of them have is none. */
  constructor(ours: Iterable<Named>) {
    const twice = new Set<string>()
    for (const n of ours) {
      const name = n.name ?? n.id
      if (!name) continue
      if (this.byName.has(name)) twice.add(name)
      this.byName.set(name, n.i)
    }
    for (const name of twice) this.byName.delete(name)
  }

  /** Hears what nodes of the other overlay are called. */
  learn(theirs: Iterable<Named>): void {
    for (const n of theirs) {
      const name = n.name ?? n.id, to = name ? this.byName.get(name) : undefined
      if (to === undefined || this.there.has(n.i) || this.back.has(to)) continue
      this.there.set(n.i, to)
      this.back.set(to, n.i)
    }
  }

  /** Our index of a node of the other overlay. */
  ours(i: number): number { return this.there.get(i) ?? ALONE + i }

  /** The other overlay's index of a node, or undefined if it has none such. */
  theirs(i: number): number | undefined { return i >= ALONE ? i - ALONE : this.back.get(i) }

  update(u: Update): Update {
    this.learn((u.nodes ?? []) as Named[])
    const some = (i: number | undefined): { node?: number } => (i === undefined ? {} : { node: this.ours(i) })
    return {
      ...u,
      ...(u.nodes ? { nodes: u.nodes.map((n) => ({ ...n, i: this.ours(n.i) }) as NodePatch) } : {}),
      ...(u.links ? { links: u.links.map((l) => ({ ...l, f: this.ours(l.f), t: this.ours(l.t) }) as LinkPatch) } : {}),
      ...(u.events ? { events: u.events.map((e): Event => ({ ...e, ...some(e.node), ...(e.peer === undefined ? {} : { peer: this.ours(e.peer) }) })) } : {}),
      ...(u.states ? { states: u.states.map((s): State => ({ ...s, node: this.ours(s.node) })) } : {}),
    }
  }

  transfers(t: Transfers): Transfers {
    return { ...t, from: t.from.map((i) => this.ours(i)), to: t.to.map((i) => this.ours(i)) }
  }

  /** A series' key ("3", or "3-5") there, or undefined if the other overlay has no such node. */
  key(key: string): string | undefined {
    const all = key.split('-').map((k) => this.theirs(Number(k)))
    return all.includes(undefined) ? undefined : all.join('-')
  }
}
