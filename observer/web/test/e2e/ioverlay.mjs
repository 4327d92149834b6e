// The real program, and where its page is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

async function start(binary, args) {
  const child = spawn(binary, [...args, '--http', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const url = await new Promise((found, fail) => {
    createInterface({ input: child.stdout }).on('line', (l) => { const m = /^page (http\S+)/.exec(l); if (m) found(m[1]) })
    child.on('exit', (c) => fail(new Error(`ioverlay ${args.join(' ')} ended with ${c}`)))
  })
  return { url, end: async () => { child.kill('SIGINT'); await ended } }
}

export const demo = (binary) => start(binary, ['demo'])
export const view = (binary, ...files) => start(binary, ['view', ...files])
export const observer = (binary) => start(binary, ['observer', '--listen', '127.0.0.1:0'])
