// Paints large scenes beside the page, which stays free for hands and data.

import { raster, type Eye } from './raster.ts'
import type { Scene } from './scene.ts'

/** `scene` only if it is another one than before; `buffer` is the last answer's, to be used again. */
export interface PaintAsk { scene?: Scene; eye: Eye; dpr: number; ground: number | undefined; buffer?: ArrayBuffer }
export interface PaintAnswer { eye: Eye; w: number; h: number; buffer: ArrayBuffer }

let scene: Scene | undefined

onmessage = (e: MessageEvent<PaintAsk>) => {
  scene = e.data.scene ?? scene
  if (!scene) return
  const r = raster(scene, e.data.eye, e.data.dpr, e.data.ground, e.data.buffer)
  const answer: PaintAnswer = { eye: e.data.eye, w: r.w, h: r.h, buffer: r.pixels.buffer }
  postMessage(answer, { transfer: [answer.buffer] })
}
