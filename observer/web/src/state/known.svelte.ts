// What can be said of the world that is looked at: names, lists for menus, what a search finds.

import { byNumber } from '../model/stats.ts'
import type { Link, Node } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { Look } from './look.svelte.ts'

export abstract class Known extends Look {
  /** Changes when the world is another one, at most a few times a second. */
  tick = $state(0)
  /** Changes when nodes may be called otherwise. */
  protected named = $state(0)
  /** The world as it is looked at. Read `tick` to be told when it is another. */
  abstract get now(): World

  name(i: number | undefined): string {
    if (i === undefined) return '?'
    void this.named
    const n = this.now.nodes.get(i)
    return n?.name ?? n?.id ?? `#${i}`
  }

  linkName(key: string): string {
    const [f, t] = key.split('-').map(Number)
    return `${this.name(f)} → ${this.name(t)}`
  }

  /** Nodes that the search and the group leave, or undefined if neither says anything. */
  matches(): Set<number> | undefined {
    const q = this.query.trim().toLowerCase()
    if (q === '' && this.group === undefined) return undefined
    const out = new Set<number>()
    for (const n of this.now.nodes.values()) {
      if (this.group !== undefined && (n.group ?? '') !== this.group) continue
      if (q === '' || `${n.name ?? ''} ${n.id ?? ''} ${n.group ?? ''} ${n.place?.label ?? ''} ${n.algorithm ?? ''} ${n.up === false ? 'down' : 'up'}`.toLowerCase().includes(q)) out.add(n.i)
    }
    return out
  }

  apps(): string[] {
    return this.once('apps', (s) => {
      for (const n of this.now.nodes.values()) for (const a in n.apps) s.add(a)
      for (const l of this.now.links.values()) for (const a in l.apps) s.add(a)
    }, byNumber)
  }

  groups(): string[] {
    return this.once('groups', (s) => { for (const n of this.now.nodes.values()) if (n.group !== undefined) s.add(n.group) })
  }

  private readonly made = new Map<string, { world: World; tick: number; list: string[] }>()

  /** A list that several views want of every world, made once for each. */
  private once(name: string, add: (to: Set<string>) => void, order?: (a: string, b: string) => number): string[] {
    const had = this.made.get(name)
    if (had && had.world === this.now && had.tick === this.tick) return had.list
    const s = new Set<string>()
    add(s)
    const list = [...s].sort(order)
    this.made.set(name, { world: this.now, tick: this.tick, list })
    return list
  }

  linksOf(i: number): { out: Link[]; in: Link[] } {
    const out: Link[] = [], into: Link[] = []
    for (const l of this.now.links.values()) {
      if (l.f === i) out.push(l)
      else if (l.t === i) into.push(l)
    }
    return { out, in: into }
  }

  chosen(): Node | undefined {
    return this.selection.size === 1 ? this.now.nodes.get([...this.selection][0]!) : undefined
  }
}
