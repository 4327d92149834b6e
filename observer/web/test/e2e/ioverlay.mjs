// The real program, and where its page is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** In a folder of its own, where recordings go. Ends with this process, however that ends. */
async function start(binary, args) {
  const folder = mkdtempSync(join(tmpdir(), 'observer-running-'))
  const child = spawn(resolve(binary), [...args, '--http', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder })
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const ended = once(child, 'exit')
  const url = await new Promise((found, fail) => {
    createInterface({ input: child.stdout }).on('line', (l) => { const m = /^page (http\S+)/.exec(l); if (m) found(m[1]) })
    child.on('exit', (c) => fail(new Error(`ioverlay ${args.join(' ')} ended with ${c}`)))
  })
  return {
    url, folder,
    end: async () => {
      child.kill('SIGINT')
      await ended
      process.off('exit', kill)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const demo = (binary) => start(binary, ['demo'])
export const view = (binary, ...files) => start(binary, ['view', ...files])
export const observer = (binary, ...flags) => start(binary, ['observer', '--listen', '127.0.0.1:0', ...flags])
