// The scene by WebGL 2: two draw calls for links (lines and heads) and one for nodes, all instanced. Ours and not a
// library's because what has to be fast is a software rasteriser: no second pass for picking, and a line's pixels are
// touched once. Where there is no WebGL at all (browsers since 2026 have none without a GPU) paint.ts draws the same.

import type { Camera } from './camera.ts'
import { growth, type Scene } from './scene.ts'

const LINK_VERTEX = `#version 300 es
layout(location=0) in vec2 corner;          // x: 0..1 along, y: -1..1 across
layout(location=1) in vec4 span;            // from x, y, to x, y (plane)
layout(location=2) in vec4 shape;           // width, shift, radius from, radius to (pixels)
layout(location=3) in float flow;
layout(location=4) in vec4 color;
uniform vec4 camera;                        // x, y, pixels a unit, growth
uniform vec2 size;                          // pixels
uniform float head;                         // 0: lines, 1: heads
out vec4 vColor; out float vAcross; out float vHalf; out float vAlong; out float vFlow;
void main() {
  vec2 a = (span.xy - camera.xy) * camera.z + size * 0.5;
  vec2 b = (span.zw - camera.xy) * camera.z + size * 0.5;
  vec2 d = b - a; float len = length(d);
  float ra = shape.z * camera.w + 1.5, rb = shape.w * camera.w + 2.5;
  float tip = min(5.0 + shape.x * 1.5, len * 0.4);
  if (len < 0.01 || len <= ra + rb) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  vec2 u = d / len, n = vec2(-u.y, u.x);
  a += u * ra + n * shape.y; b += -u * rb + n * shape.y;
  vec2 p; float halfw;
  if (head < 0.5) {
    b -= u * tip * 0.96;
    halfw = shape.x * 0.5 + 0.75;
    p = mix(a, b, corner.x) + n * corner.y * halfw;
    vAlong = corner.x * length(b - a);
  } else {
    halfw = (3.0 + shape.x * 0.85);
    p = b - u * tip * (1.0 - corner.x) + n * corner.y * halfw * (1.0 - corner.x);
    vAlong = 0.0;
  }
  vAcross = corner.y * halfw; vHalf = head < 0.5 ? shape.x * 0.5 : 1e3;
  vColor = color; vFlow = flow;
  vec2 c = p / size * 2.0 - 1.0;
  gl_Position = vec4(c.x, -c.y, 0.0, 1.0);
}`

const LINK_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 vColor; in float vAcross; in float vHalf; in float vAlong; in float vFlow;
uniform float time;
out vec4 o;
void main() {
  float alpha = vColor.a * clamp(vHalf + 0.75 - abs(vAcross), 0.0, 1.0);
  vec3 rgb = vColor.rgb;
  if (vFlow < 0.0) { if (fract(vAlong / 7.0) > 0.5) alpha *= 0.15; }
  else if (vFlow > 0.0) {
    float phase = fract(vAlong / 26.0 - time * vFlow);
    float pulse = smoothstep(0.55, 0.78, phase) * (1.0 - smoothstep(0.88, 1.0, phase));
    alpha *= 0.66 + 0.34 * pulse; rgb = mix(rgb, vec3(1.0), pulse * 0.35);
  }
  o = vec4(rgb * alpha, alpha);
}`

const NODE_VERTEX = `#version 300 es
layout(location=0) in vec2 corner;
layout(location=1) in vec4 disc;            // x, y, radius, flags
layout(location=2) in vec4 fill;
layout(location=3) in vec4 ring;
uniform vec4 camera; uniform vec2 size;
out vec2 vAt; out float vR; out vec4 vFill; out vec4 vRing; flat out int vFlags;
void main() {
  float r = disc.z * camera.w;
  vec2 p = (disc.xy - camera.xy) * camera.z + size * 0.5;
  vAt = corner * (r + 6.0); vR = r; vFill = fill; vRing = ring; vFlags = int(disc.w);
  vec2 c = (p + vAt) / size * 2.0 - 1.0;
  gl_Position = vec4(c.x, -c.y, 0.0, 1.0);
}`

const NODE_FRAGMENT = `#version 300 es
precision mediump float;
in vec2 vAt; in float vR; in vec4 vFill; in vec4 vRing; flat in int vFlags;
out vec4 o;
void main() {
  float d = length(vAt), w = vR > 4.5 ? 1.6 : 1.0;
  float disc = clamp(vR + 0.5 - d, 0.0, 1.0);
  float inner = clamp(vR - w + 0.5 - d, 0.0, 1.0);
  vec4 c = vec4(vFill.rgb, 1.0) * vFill.a * inner + vec4(vRing.rgb, 1.0) * vRing.a * (disc - inner);
  if ((vFlags & 2) != 0) {
    float band = clamp(1.3 - abs(d - vR - 3.2), 0.0, 1.0);
    c = c + vec4(vRing.rgb, 1.0) * vRing.a * band * (1.0 - c.a);
  }
  o = c;
}`

function program(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const p = gl.createProgram()
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const s = gl.createShader(kind)!
    gl.shaderSource(s, source)
    gl.compileShader(s)
    gl.attachShader(p, s)
  }
  gl.linkProgram(p)
  if (!gl.getProgramParameter(p, gl.LINK_STATUS)) throw new Error(`shader: ${gl.getProgramInfoLog(p) ?? 'no reason given'}`)
  return p
}

export class GL {
  private readonly gl: WebGL2RenderingContext
  private readonly link: WebGLProgram
  private readonly node: WebGLProgram
  private readonly linkArray: WebGLVertexArrayObject
  private readonly nodeArray: WebGLVertexArrayObject
  private readonly linkData: WebGLBuffer
  private readonly nodeData: WebGLBuffer
  private readonly at: Record<string, WebGLUniformLocation | null>
  private links = 0
  private nodes = 0
  lost = false

  /** Undefined where the browser has no WebGL 2, or only one by software, which is slower than a canvas. `even` takes that too. */
  static create(canvas: HTMLCanvasElement, even: boolean): GL | undefined {
    try {
      const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true, depth: false, stencil: false, powerPreference: 'low-power', failIfMajorPerformanceCaveat: !even })
      return gl ? new GL(gl, canvas) : undefined
    } catch {
      return undefined
    }
  }

  private constructor(gl: WebGL2RenderingContext, canvas: HTMLCanvasElement) {
    this.gl = gl
    canvas.addEventListener('webglcontextlost', (e) => {
      e.preventDefault()
      this.lost = true
    })
    this.link = program(gl, LINK_VERTEX, LINK_FRAGMENT)
    this.node = program(gl, NODE_VERTEX, NODE_FRAGMENT)
    this.at = {}
    for (const [name, p] of [['link', this.link], ['node', this.node]] as const)
      for (const u of ['camera', 'size', 'head', 'time']) this.at[`${name}.${u}`] = gl.getUniformLocation(p, u)
    const corners = (a: number[]): WebGLBuffer => {
      const b = gl.createBuffer()
      gl.bindBuffer(gl.ARRAY_BUFFER, b)
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(a), gl.STATIC_DRAW)
      return b
    }
    const attribute = (k: number, n: number, type: number, stride: number, offset: number): void => {
      gl.enableVertexAttribArray(k)
      gl.vertexAttribPointer(k, n, type, type === gl.UNSIGNED_BYTE, stride, offset)
      gl.vertexAttribDivisor(k, k === 0 ? 0 : 1)
    }
    this.linkArray = gl.createVertexArray()
    gl.bindVertexArray(this.linkArray)
    corners([0, -1, 1, -1, 0, 1, 1, 1])
    attribute(0, 2, gl.FLOAT, 8, 0)
    this.linkData = gl.createBuffer()
    gl.bindBuffer(gl.ARRAY_BUFFER, this.linkData)
    attribute(1, 4, gl.FLOAT, 40, 0)
    attribute(2, 4, gl.FLOAT, 40, 16)
    attribute(3, 1, gl.FLOAT, 40, 32)
    attribute(4, 4, gl.UNSIGNED_BYTE, 40, 36)
    this.nodeArray = gl.createVertexArray()
    gl.bindVertexArray(this.nodeArray)
    corners([-1, -1, 1, -1, -1, 1, 1, 1])
    attribute(0, 2, gl.FLOAT, 8, 0)
    this.nodeData = gl.createBuffer()
    gl.bindBuffer(gl.ARRAY_BUFFER, this.nodeData)
    attribute(1, 4, gl.FLOAT, 24, 0)
    attribute(2, 4, gl.UNSIGNED_BYTE, 24, 16)
    attribute(3, 4, gl.UNSIGNED_BYTE, 24, 20)
    gl.bindVertexArray(null)
  }

  /** Takes a scene over; call it when the scene changed, not for each frame. */
  load(s: Scene): void {
    const gl = this.gl
    const lf = new Float32Array(s.links * 10), lb = new Uint8Array(lf.buffer)
    for (let l = 0; l < s.links; l++) {
      const o = l * 10, a = s.from[l]!, b = s.to[l]!
      lf[o] = s.x[a]!
      lf[o + 1] = s.y[a]!
      lf[o + 2] = s.x[b]!
      lf[o + 3] = s.y[b]!
      lf[o + 4] = s.width[l]!
      lf[o + 5] = s.shift[l]!
      lf[o + 6] = s.r[a]!
      lf[o + 7] = s.r[b]!
      lf[o + 8] = s.flow[l]!
      for (let c = 0; c < 4; c++) lb[l * 40 + 36 + c] = s.color[l * 4 + c]!
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.linkData)
    gl.bufferData(gl.ARRAY_BUFFER, lf, gl.DYNAMIC_DRAW)
    const nf = new Float32Array(s.nodes * 6), nb = new Uint8Array(nf.buffer)
    for (let k = 0; k < s.nodes; k++) {
      nf[k * 6] = s.x[k]!
      nf[k * 6 + 1] = s.y[k]!
      nf[k * 6 + 2] = s.r[k]!
      nf[k * 6 + 3] = s.flags[k]!
      for (let c = 0; c < 4; c++) {
        nb[k * 24 + 16 + c] = s.fill[k * 4 + c]!
        nb[k * 24 + 20 + c] = s.ring[k * 4 + c]!
      }
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.nodeData)
    gl.bufferData(gl.ARRAY_BUFFER, nf, gl.DYNAMIC_DRAW)
    this.links = s.links
    this.nodes = s.nodes
  }

  draw(c: Camera, time: number): void {
    const gl = this.gl
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    const set = (name: string): void => {
      gl.uniform4f(this.at[`${name}.camera`]!, c.x, c.y, c.k, growth(c.k))
      gl.uniform2f(this.at[`${name}.size`]!, c.w, c.h)
    }
    if (this.links > 0) {
      gl.useProgram(this.link)
      set('link')
      gl.uniform1f(this.at['link.time']!, time)
      gl.bindVertexArray(this.linkArray)
      for (const head of [0, 1]) {
        gl.uniform1f(this.at['link.head']!, head)
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.links)
      }
    }
    if (this.nodes > 0) {
      gl.useProgram(this.node)
      set('node')
      gl.bindVertexArray(this.nodeArray)
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.nodes)
    }
    gl.bindVertexArray(null)
  }
}
