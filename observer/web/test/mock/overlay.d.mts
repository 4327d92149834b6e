export function random(seed: number): () => number
export class Overlay {
  constructor(o?: { nodes?: number; links?: number; seed?: number; failEvery?: number; chunks?: number })
  full(): object
  step(dt: number): object
}
