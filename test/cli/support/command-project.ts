import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The command as a process. */
export interface Running {
  /** All that it printed so far. */
  output(): string
  /** What of it went to the standard output. */
  stdout(): string
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
  readonly #env: Record<string, string>

  /** @param env What its commands find in the environment, beside what every process needs. */
  constructor(env: Record<string, string> = {}) {
    this.#env = env
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
    const link = join(this.folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link)
  }

  /** What a process of this user finds in its environment. */
  get environment(): Record<string, string> {
    return { PATH: process.env['PATH'] ?? '', HOME: this.folder, AWS_EC2_METADATA_DISABLED: 'true', ...this.#env }
  }

  start(...args: readonly string[]): Running {
    const env = this.environment
    const child = spawn(process.execPath, ['node_modules/tidemark/dist/cli.js', ...args], { cwd: this.folder, env })
    this.#children.add(child)
    let [output, stdout] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
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
    return { output: () => output, stdout: () => stdout, until, end, ended: () => closed }
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
