// Names as pictures: text with a halo costs a software canvas as much as a dozen discs, and the same few hundred names
// are drawn again with every frame, so each is written once into an atlas and copied from there.

const SIZE = 1024, ROW = 18, SIDE = 4

export class Names {
  private readonly slots = new Map<string, { x: number; y: number; w: number }>()
  private readonly widths = new Map<string, number>()
  private atlas: HTMLCanvasElement | undefined
  private g: CanvasRenderingContext2D | undefined
  private look = ''
  private dpr = 1
  private x = 0
  private y = 0

  width(g: CanvasRenderingContext2D, text: string): number {
    let w = this.widths.get(text)
    if (w === undefined) {
      if (this.widths.size > 20_000) this.widths.clear()
      this.widths.set(text, (w = g.measureText(text).width))
    }
    return w
  }

  /** Writes a text around x below top. The context has the font already. */
  draw(g: CanvasRenderingContext2D, text: string, x: number, top: number, ink: string, halo: string): void {
    const dpr = g.getTransform().a || 1, w = this.width(g, text)
    if (w > SIZE / 2) return write(g, text, x, top, ink, halo)
    this.ready(g, dpr, halo)
    const key = `${ink} ${text}`
    let s = this.slots.get(key)
    if (!s) {
      const need = Math.ceil(w) + 2 * SIDE
      if (this.x + need > SIZE) {
        this.x = 0
        this.y += ROW
      }
      if (this.y + ROW > SIZE) this.forget()
      s = { x: this.x, y: this.y, w: need }
      this.x += need
      this.slots.set(key, s)
      write(this.g!, text, s.x + need / 2, s.y + 2, ink, halo)
    }
    // On whole pixels, so that it is copied and not resampled.
    const px = Math.round((x - s.w / 2) * dpr) / dpr, py = Math.round((top - 2) * dpr) / dpr
    g.drawImage(this.atlas!, s.x * dpr, s.y * dpr, s.w * dpr, ROW * dpr, px, py, s.w, ROW)
  }

  private ready(g: CanvasRenderingContext2D, dpr: number, halo: string): void {
    const look = `${g.font} ${halo}`
    if (this.atlas && this.look === look && this.dpr === dpr) return
    if (this.look.split('px')[0] !== look.split('px')[0]) this.widths.clear()
    this.look = look
    this.dpr = dpr
    this.atlas ??= document.createElement('canvas')
    this.atlas.width = this.atlas.height = SIZE * dpr
    this.g = this.atlas.getContext('2d')!
    this.g.scale(dpr, dpr)
    this.g.font = g.font
    this.g.textAlign = 'center'
    this.g.textBaseline = 'top'
    this.g.lineJoin = 'round'
    this.forget()
  }

  /** When fonts have come, or the atlas is full. */
  forget(): void {
    this.slots.clear()
    this.x = this.y = 0
    this.g?.clearRect(0, 0, SIZE, SIZE)
  }

  reset(): void {
    this.widths.clear()
    this.look = ''
    this.atlas = undefined
  }
}

function write(g: CanvasRenderingContext2D, text: string, x: number, top: number, ink: string, halo: string): void {
  g.strokeStyle = halo
  g.lineWidth = 3.5
  g.strokeText(text, x, top)
  g.fillStyle = ink
  g.fillText(text, x, top)
}
