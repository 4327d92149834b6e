// The overlay at one instant. Nodes and links are values that are never changed in place (patch.ts), so whoever holds
// one may keep it, and a copy of the world costs two maps.

import { mergePatch } from './patch.ts'
import { linkKey, type Link, type Node, type State, type Update } from './types.ts'

export class World {
  t = 0
  nodes = new Map<number, Node>()
  links = new Map<string, Link>()
  /** node -> name of state -> its last value */
  states = new Map<number, Record<string, State>>()

  clone(): World {
    const copy = new World()
    copy.t = this.t
    copy.nodes = new Map(this.nodes)
    copy.links = new Map(this.links)
    copy.states = new Map(this.states)
    return copy
  }

  /** Takes the world to the update's time. A full update replaces everything. */
  apply(u: Update): void {
    if (u.full) {
      this.nodes = new Map()
      this.links = new Map()
      this.states = new Map()
    }
    this.t = u.t
    for (const p of u.nodes ?? []) {
      if (p.gone) {
        this.nodes.delete(p.i)
        this.states.delete(p.i)
      } else this.nodes.set(p.i, mergePatch<Node>(this.nodes.get(p.i), p))
    }
    for (const p of u.links ?? []) {
      const key = linkKey(p.f, p.t)
      if (p.gone) this.links.delete(key)
      else this.links.set(key, mergePatch<Link>(this.links.get(key), p))
    }
    for (const s of u.states ?? []) this.states.set(s.node, { ...this.states.get(s.node), [s.name]: s })
  }
}
