import { fork, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { killAtExit } from '../../src/testing/kill-at-exit.ts'
import { HalfOpenNetwork } from './half-open-network.ts'
import { monotonicMs } from './monotonic.ts'
import type { WorkerOrder, WorkerSettings } from './worker-program.ts'

// How long a handler is waited for that can be stopped in its middle.
const trapMs = 300

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A worker in a process of its own, behind a network of its own. */
export class WorkerProcess {
  readonly name: string
  readonly network: HalfOpenNetwork
  /** Resolves when it takes part in the fleet, or has ended before that. */
  readonly started: Promise<void>
  readonly gone: Promise<Ending>
  readonly #child: ChildProcess
  #hasEnded = false

  private constructor(name: string, network: HalfOpenNetwork, child: ChildProcess) {
    this.name = name
    this.network = network
    this.#child = child
    killAtExit(child)
    this.started = new Promise((resolve) => {
      child.once('message', () => resolve())
      child.once('exit', () => resolve())
    })
    this.gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#hasEnded = true
        void network.close().then(() => resolve({ code, signal }))
      })
    })
  }

  static async start(
    program: string,
    servicePort: number,
    settings: Omit<WorkerSettings, 'endpoint'>,
  ): Promise<WorkerProcess> {
    const { postgres } = settings
    const network = await HalfOpenNetwork.start([servicePort, ...(postgres === undefined ? [] : [postgres.port])])
    const [port, postgresPort] = network.ports
    const all: WorkerSettings = {
      ...settings,
      endpoint: `http://127.0.0.1:${port}`,
      ...(postgres !== undefined && postgresPort !== undefined && { postgres: { ...postgres, port: postgresPort } }),
    }
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    return new WorkerProcess(settings.name, network, fork(program, [JSON.stringify(all)], { stdio: [...stdio] }))
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Stops it in the middle of a handler, or where it is when none comes by for a while. */
  async pause(): Promise<void> {
    this.#tell({ stopInHandlerBefore: monotonicMs() + trapMs })
    await sleep(trapMs)
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Asks it to stop, and resolves when it has ended; kills it when that takes longer than `limitMs`. */
  async stop(limitMs: number): Promise<Ending> {
    this.resume()
    this.#tell('stop')
    const impatient = setTimeout(() => this.kill(), limitMs)
    const ending = await this.gone
    clearTimeout(impatient)
    return ending
  }

  #tell(order: WorkerOrder): void {
    if (this.#child.connected) this.#child.send(order)
  }
}
