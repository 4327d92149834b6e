// What a person's pointer and keys do to one graph, and what is shown of it meanwhile: what lies under the pointer, the tip
// beside it, the box that is drawn around nodes.

import { app } from '../state/app.svelte.ts'
import type { World } from '../model/world.ts'
import { arrows, beyond, inside, keyOf, linkAt, nodeAt, Press, type Rect } from './hands.ts'
import { source } from './looks.ts'
import type { Stage } from './stage.ts'

/** Links up to which the one under the pointer is looked for at each of its moves. */
const MOST_LINKS = 1500

/** The graph, as its pointer knows it. */
export interface Pointed {
  stage: Stage
  /** Nodes stand where the map has them. */
  map(): boolean
  world(): World
  wake(): void
  /** Opens the group that stands for many nodes. */
  open(group: number): void
  show(nodes: Iterable<number>): void
  zoom(by: number): void
}

export class Pointer {
  /** The place in the scene of the link under the pointer. */
  hoverLink = $state<number | undefined>()
  tipAt = $state.raw<{ x: number; y: number } | undefined>()
  rubber = $state.raw<Rect | undefined>()
  private readonly g: Pointed
  private readonly press: Press

  constructor(g: Pointed) {
    this.g = g
    const { stage } = g, { camera, keeper } = stage
    this.press = new Press({
      node: (x, y) => nodeAt(stage.scene, camera, x, y),
      get movable() { return !g.map() },
      begin: () => { this.tipAt = undefined },
      carry: (i, x, y) => {
        const [px, py] = camera.toPlane(x, y)
        keeper.drag(i, { x: px, y: py })
        stage.sceneDirty = stage.touched = true
      },
      pan: (dx, dy) => {
        camera.pan(dx, dy)
        stage.moved()
      },
      box: (r, done) => {
        this.rubber = done ? undefined : r
        if (r && done) app.select(inside(stage.scene, camera, r))
      },
      click: (x, y, more) => this.click(x, y, more),
    })
  }

  /** Where in the canvas an event is. */
  private static at(e: MouseEvent): [number, number] {
    const r = (e.currentTarget as HTMLElement).getBoundingClientRect()
    return [e.clientX - r.left, e.clientY - r.top]
  }

  private node(at: [number, number]): number | undefined { return nodeAt(this.g.stage.scene, this.g.stage.camera, ...at) }

  private click(x: number, y: number, more: boolean): void {
    const n = this.node([x, y])
    if (n !== undefined) return n < 0 ? this.g.open(n) : app.select([n], more)
    const s = this.g.stage.scene, l = linkAt(s, this.g.stage.camera, x, y)
    if (l === undefined) app.clear()
    else if (s.id[s.from[l]!]! >= 0 && s.id[s.to[l]!]! >= 0) app.selectLink(keyOf(s, l))
  }

  down(e: PointerEvent): void {
    if (e.button !== 0) return
    ;(e.currentTarget as HTMLElement).setPointerCapture(e.pointerId)
    this.press.press(...Pointer.at(e), e.shiftKey)
  }

  move(e: PointerEvent): void {
    this.g.wake()
    const [x, y] = Pointer.at(e), { stage } = this.g
    if (this.press.down) return this.press.move(x, y)
    const n = this.node([x, y])
    app.hover = n
    this.hoverLink = n === undefined && stage.scene.links <= MOST_LINKS ? linkAt(stage.scene, stage.camera, x, y) : undefined
    this.tipAt = n !== undefined || this.hoverLink !== undefined ? { x, y } : undefined
  }

  up(e: PointerEvent): void { this.press.release(...Pointer.at(e), e.shiftKey || e.ctrlKey || e.metaKey) }

  cancel(): void { this.press.cancel() }

  leave(): void {
    app.hover = this.hoverLink = undefined
    this.tipAt = undefined
  }

  /** A double click makes a node the one that hops and latencies are counted from. */
  root(e: MouseEvent): void {
    const n = this.node(Pointer.at(e))
    if (n !== undefined && n >= 0) app.root = n
  }

  wheel(e: WheelEvent): void {
    e.preventDefault()
    this.g.stage.camera.zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.008 : e.deltaMode === 1 ? 0.05 : 0.0016)), ...Pointer.at(e))
    this.g.stage.moved()
    this.g.wake()
  }

  key(e: KeyboardEvent): void {
    const dir = arrows[e.key], { stage } = this.g
    if (e.key === '+' || e.key === '=') this.g.zoom(1.4)
    else if (e.key === '-') this.g.zoom(1 / 1.4)
    else if (dir) {
      const from = [...app.selection][0]
      const p = from === undefined ? undefined : stage.keeper.now.get(from)
      const next = p ? beyond(stage.scene, p, dir) : (source(this.g.world(), app.app) ?? stage.scene.id[0])
      if (next !== undefined) app.select([next])
    } else if (e.key === 'Enter' && app.selection.size > 0) this.g.show(app.selection)
    else return
    e.preventDefault()
    e.stopPropagation()
  }
}
