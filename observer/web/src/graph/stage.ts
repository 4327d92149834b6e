// The graph's canvases, from below: the map, the scene, and what lies above it (names, what is chosen, messages). A
// small scene is painted by WebGL or a canvas whenever anything changes. A large one without a GPU is painted by a worker
// (raster.ts) as fast as that comes along, and in between its last picture moves with the camera.

import type { Basemap } from '../map/basemap.ts'
import type { Domino } from '../model/domino.ts'
import { Camera, type Box } from './camera.ts'
import { GL } from './gl.ts'
import { drawGround } from './ground.ts'
import { Keeper } from './keeper.ts'
import { Names } from './names.ts'
import { drawAbove, HOP_MS, type Above } from './overlay.ts'
import { paint } from './paint.ts'
import type { PaintAnswer, PaintAsk } from './raster.worker.ts'
import { emptyScene, type Scene } from './scene.ts'
import type { Palette } from './style.ts'

/** Nodes and links from which on the worker paints. */
const LARGE = 1500
/** Links up to which dashes show where data flow: each frame is painted anew then. */
const FLOWING = 400
const PULSE_MS = 32
const GLIDE_MS = 420

interface View { x: number; y: number; k: number }

/** What of the page's state a frame needs. */
export interface Shown {
  palette: Palette
  map: boolean
  /** Dashes, messages and a domino may move. */
  flow: boolean
  moving: boolean
  calm: boolean
  above(ms: number): Above
}

export class Stage {
  readonly camera: Camera
  readonly keeper: Keeper
  readonly names = new Names()
  scene: Scene = emptyScene()
  map: Basemap | undefined
  /** Drawn by the processor. */
  software = false
  /** Set when more than the camera changed: the scene, or what lies above it. */
  sceneDirty = true
  overDirty = true
  /** The reader has moved the camera: it stays where it was put. */
  touched = false
  fitted = false

  private ground!: HTMLCanvasElement
  private base!: HTMLCanvasElement
  private top!: HTMLCanvasElement
  private gl: GL | undefined
  private flat: CanvasRenderingContext2D | undefined
  private w = 1
  private h = 1
  private viewDirty = true
  private fresh = true
  private glide: { from: View; to: View; at: number } | undefined
  private lastPulse = 0
  private seen: View & { w: number; h: number } = { x: 0, y: 0, k: 0, w: 0, h: 0 }

  private worker: Worker | undefined
  private busy = false
  private sent: Scene | undefined
  private spare: ArrayBuffer | undefined
  private painted: (View & { scene: Scene }) | undefined
  private want = false
  private groundFor: Palette | undefined
  /** How often the scene has been painted: what measurements wait for. */
  paints = 0

  constructor(camera = new Camera(), keeper = new Keeper()) {
    this.camera = camera
    this.keeper = keeper
  }

  /** `renderer`: canvas or webgl for those who compare, else the best there is. `wake` asks for a frame. */
  mount(ground: HTMLCanvasElement, base: HTMLCanvasElement, top: HTMLCanvasElement, renderer: string | null, wake: () => void): void {
    this.ground = ground
    this.base = base
    this.top = top
    this.wake = wake
    this.gl = renderer === 'canvas' ? undefined : GL.create(base, renderer === 'webgl')
    if (this.gl) return
    this.flat = base.getContext('2d') ?? undefined
    this.software = true
  }

  private wake: () => void = () => {}

  close(): void { this.worker?.terminate() }

  setScene(s: Scene): void {
    this.scene = s
    this.sceneDirty = false
    this.fresh = this.viewDirty = this.overDirty = true
  }

  // --- the camera

  size(w: number, h: number): void {
    const first = this.w <= 1
    const dpr = Math.min(2, devicePixelRatio || 1)
    this.camera.w = this.w = Math.max(1, w)
    this.camera.h = this.h = Math.max(1, h)
    for (const c of [this.ground, this.base, this.top]) {
      c.width = Math.round(this.camera.w * dpr)
      c.height = Math.round(this.camera.h * dpr)
    }
    this.painted = undefined
    this.viewDirty = this.overDirty = true
    if (first) this.fitted = false
  }

  fit(b: Box | undefined, map: boolean, slowly: boolean, calm: boolean, narrow = false): void {
    if (!b) return
    const pad = map ? { left: 16, right: 16, top: 52, bottom: 16 } : narrow ? { left: 44, right: 44, top: 36, bottom: 40 } : { left: 60, right: 60, top: 84, bottom: 128 }
    this.move(this.camera.fit(b, pad, map ? 4 : 1.5), slowly && this.fitted, calm)
    this.fitted = true
    this.touched = false
  }

  move(to: View, slowly: boolean, calm: boolean): void {
    if (!slowly || calm) {
      Object.assign(this.camera, to)
      this.glide = undefined
    } else this.glide = { from: { x: this.camera.x, y: this.camera.y, k: this.camera.k }, to, at: performance.now() }
    this.viewDirty = true
  }

  zoom(f: number, calm: boolean): void {
    this.touched = true
    const to = new Camera()
    Object.assign(to, this.camera)
    to.zoom(f, this.camera.w / 2, this.camera.h / 2)
    this.move({ x: to.x, y: to.y, k: to.k }, true, calm)
  }

  /** By a hand: at once. */
  moved(): void {
    this.glide = undefined
    this.touched = this.viewDirty = true
  }

  // --- frames

  /** Draws what is to be drawn, and reports whether the next frame is to follow at once. */
  frame(ms: number, s: Shown): boolean {
    this.step(ms)
    const c = this.camera
    c.w = this.w // a camera that is shared has had the other's size
    c.h = this.h
    if (c.x !== this.seen.x || c.y !== this.seen.y || c.k !== this.seen.k || c.w !== this.seen.w || c.h !== this.seen.h) {
      this.seen = { x: c.x, y: c.y, k: c.k, w: c.w, h: c.h } // somebody else may move a camera that is shared
      this.viewDirty = true
    }
    const flowing = s.flow && !s.calm && this.scene.links > 0 && this.scene.links <= FLOWING
    const pulse = ms - this.lastPulse >= PULSE_MS
    const large = this.flat !== undefined && this.scene.nodes + this.scene.links > LARGE
    if (large) {
      if (this.viewDirty) this.want = true
      this.ask(s)
      this.follow()
    } else if (this.viewDirty || (flowing && pulse)) this.paint(ms, s, flowing)
    if (this.viewDirty || this.overDirty || (s.moving && pulse)) drawAbove(this.context(this.top), this.scene, c, s.above(ms), s.palette, this.names)
    if (pulse) this.lastPulse = ms
    this.viewDirty = this.overDirty = false
    return flowing || s.moving || this.glide !== undefined || this.busy
  }

  private step(ms: number): void {
    if (!this.glide) return
    const g = this.glide, k = Math.min(1, (ms - g.at) / GLIDE_MS), e = 1 - (1 - k) ** 3
    // The zoom goes evenly in its logarithm, as it looks.
    this.camera.k = g.from.k * (g.to.k / g.from.k) ** e
    this.camera.x = g.from.x + (g.to.x - g.from.x) * e
    this.camera.y = g.from.y + (g.to.y - g.from.y) * e
    if (k >= 1) this.glide = undefined
    this.viewDirty = true
  }

  private paint(ms: number, s: Shown, flowing: boolean): void {
    this.painted = undefined
    for (const c of [this.ground, this.base]) c.style.transform = ''
    this.drawGround(s, this.camera)
    if (this.gl && !this.gl.lost) {
      if (this.fresh) this.gl.load(this.scene)
      this.gl.draw(this.camera, ms / 1000)
    } else if (this.flat) paint(this.context(this.base), this.scene, this.camera, flowing ? ms / 1000 : 0)
    this.fresh = false
    this.count()
  }

  private drawGround(s: Shown, eye: Camera): void {
    const map = s.map ? this.map : undefined
    if (!map && !this.groundFor) return
    this.groundFor = map ? s.palette : undefined
    const g = this.context(this.ground)
    if (map) drawGround(g, map, eye, s.palette)
  }

  /** Asks the worker for a picture, unless it is at one. */
  private ask(s: Shown): void {
    if (!this.want || this.busy) return
    this.want = false
    this.busy = true
    this.worker ??= this.start(s)
    this.asked = s
    const { x, y, k, w, h } = this.camera
    const [r, g, b] = s.palette.surface
    const ask: PaintAsk = { eye: { x, y, k, w, h }, dpr: this.base.width / w, ground: s.map ? undefined : ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0 }
    if (this.sent !== this.scene) ask.scene = this.sent = this.scene
    if (this.spare) ask.buffer = this.spare
    this.worker.postMessage(ask, this.spare ? [this.spare] : [])
    this.spare = undefined
  }

  private asked: Shown | undefined

  private start(s: Shown): Worker {
    this.asked = s
    const w = new Worker(new URL('./raster.worker.ts', import.meta.url), { type: 'module' })
    w.onmessage = (e: MessageEvent<PaintAnswer>) => {
      this.busy = false
      const { eye, w: width, h: height, buffer } = e.data
      this.spare = buffer
      if (width !== this.base.width || height !== this.base.height || this.scene.nodes + this.scene.links <= LARGE) this.want = true
      else {
        this.flat!.putImageData(new ImageData(new Uint8ClampedArray(buffer), width, height), 0, 0)
        this.drawGround(this.asked!, Object.assign(new Camera(), eye))
        this.painted = { x: eye.x, y: eye.y, k: eye.k, scene: this.sent! }
        this.count()
      }
      this.wake()
    }
    return w
  }

  private count(): void {
    this.top.dataset.paints = String(++this.paints)
  }

  /** Moves the picture that there is to where the camera is now. */
  private follow(): void {
    const p = this.painted, c = this.camera
    if (!p) return
    const s = c.k / p.k, dpr = this.base.width / c.w
    let x = ((1 - s) * c.w) / 2 + (p.x - c.x) * c.k, y = ((1 - s) * c.h) / 2 + (p.y - c.y) * c.k
    if (s === 1) {
      // By whole pixels it is copied and not resampled.
      x = Math.round(x * dpr) / dpr
      y = Math.round(y * dpr) / dpr
    }
    const to = s === 1 && x === 0 && y === 0 ? '' : `matrix(${s},0,0,${s},${x},${y})`
    for (const e of [this.ground, this.base]) if (e.style.transform !== to) e.style.transform = to
  }

  private context(c: HTMLCanvasElement): CanvasRenderingContext2D {
    const g = c.getContext('2d')!
    const dpr = c.width / this.camera.w
    g.setTransform(dpr, 0, 0, dpr, 0, 0)
    g.clearRect(0, 0, this.camera.w, this.camera.h)
    return g
  }
}

/** How long a domino moves on the screen. */
export const dominoMs = (d: Domino): number => (d.hits.reduce((m, h) => Math.max(m, h.hops), 0) + 1) * HOP_MS + 1000
