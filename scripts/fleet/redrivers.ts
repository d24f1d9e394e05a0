import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CrewSettings } from './crew.ts'
import type { Disturbance } from './facts.ts'
import { monotonicMs } from './monotonic.ts'
import { WorkerProcess } from './worker-process.ts'

// What a redriver was killed over is held for 30 s: others go on with all else.
const atOnce = 3

/** Some redrivers at a time, killed in turn in the middle of what they do; the last ones are stopped. */
export class Redrivers {
  readonly kills: Disturbance[] = []
  readonly #settings: CrewSettings
  readonly #program: string
  readonly #running: WorkerProcess[] = []
  #count = 0

  constructor(settings: CrewSettings, program: string) {
    this.#settings = settings
    this.#program = program
  }

  get count(): number {
    return this.#count
  }

  /** Until `signal` aborts: then those there are are left to go on. */
  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    for (let n = 0; n < atOnce; n += 1) await this.#start()
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      await this.#killOldest()
      await this.#start()
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((redriver) => redriver.stop(40_000)))
  }

  kill(): void {
    for (const redriver of this.#running) redriver.kill()
  }

  async #killOldest(): Promise<void> {
    const oldest = this.#running.shift()
    if (oldest === undefined) return
    this.#settings.say(`kill ${oldest.name}, and redrive again`)
    this.kills.push({ worker: oldest.name, kind: 'kill', from: monotonicMs(), to: Infinity })
    oldest.kill()
    await oldest.gone
  }

  async #start(): Promise<void> {
    const { folder, servicePort, worker, onJournal } = this.#settings
    const name = `r${(this.#count += 1)}`
    const journalPath = join(folder, `${name}.journal`)
    onJournal(journalPath)
    const logPath = join(folder, `${name}.log`)
    const settings = { ...worker, name, journalPath, logPath, requestTimeoutMs: 0 }
    const redriver = await WorkerProcess.start(this.#program, servicePort, settings)
    this.#running.push(redriver)
    await redriver.started
  }
}
