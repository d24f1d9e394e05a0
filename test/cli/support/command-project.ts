import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The command as a process. */
export interface Running {
  /** All that it printed so far. */
  output(): string
  /** Resolves with the output once it matches; rejects when the process ends without. */
  until(pattern: RegExp): Promise<string>
  /** Sends a signal; resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Resolves with the exit code. */
  ended(): Promise<number | null>
}

/** A project of a user with this package built and installed in it, and processes of its command. */
export class CommandProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidemark-cli-')))
  readonly #children = new Set<ChildProcess>()

  constructor() {
    const root = join(this.folder, 'node_modules', 'tidemark')
    mkdirSync(root, { recursive: true })
    copyFileSync('package.json', join(root, 'package.json'))
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/bundle.ts', join(root, 'dist')])
    this.lend('@aws-sdk')
    this.write('package.json', '{"private":true,"type":"module"}')
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true })
    writeFileSync(join(this.folder, file), text)
  }

  /** Installs a package of ours there. */
  lend(name: string): void {
    symlinkSync(resolve('node_modules', name), join(this.folder, 'node_modules', name))
  }

  start(...args: readonly string[]): Running {
    const env = { PATH: process.env['PATH'], HOME: this.folder, AWS_EC2_METADATA_DISABLED: 'true' }
    const child = spawn(process.execPath, ['node_modules/tidemark/dist/cli.js', ...args], { cwd: this.folder, env })
    this.#children.add(child)
    let output = ''
    const closed = once(child, 'close').then(() => child.exitCode)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const until = (pattern: RegExp) =>
      new Promise<string>((found, reject) => {
        const look = () => pattern.test(output) && found(output)
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look)
        look()
        void closed.then(() => reject(new Error(`ended without ${String(pattern)}:\n${output}`)))
      })
    const end = (signal: NodeJS.Signals) => {
      child.kill(signal)
      return closed
    }
    return { output: () => output, until, end, ended: () => closed }
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
