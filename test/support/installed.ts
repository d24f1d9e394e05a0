import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** How a command ended and all that it printed. */
export interface Ended {
  readonly status: number | null
  readonly output: string
}

/** A project of a user, with the tarball installed. */
export interface UserProject {
  readonly folder: string
  write(file: string, text: string): void
  run(command: string, ...parameters: readonly string[]): Ended
  remove(): void
}

/**
 * Makes a project in a temporary folder, installs the tarball there with npm and without a network, and lends it the
 * named packages of our own `node_modules`.
 */
export function installed(tarball: string, lent: readonly string[] = []): UserProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tidemark-user-')))
  const run = (command: string, ...parameters: readonly string[]): Ended => {
    const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: folder, encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  write('package.json', JSON.stringify({ private: true, type: 'module' }))
  const { status, output } = run('npm', 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball)
  if (status !== 0) throw new Error(`npm install of the tarball failed:\n${output}`)
  for (const name of lent) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name))
  }
  return { folder, write, run, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
