import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CrewSettings } from './crew.ts'
import { WorkerProcess } from './worker-process.ts'

/** One redriver after the other, each killed in the middle of what it does; the last one is stopped. */
export class Redrivers {
  readonly #settings: CrewSettings
  readonly #program: string
  #current: WorkerProcess | undefined
  #count = 0

  constructor(settings: CrewSettings, program: string) {
    this.#settings = settings
    this.#program = program
  }

  get count(): number {
    return this.#count
  }

  /** Until `signal` aborts: then the one there is is left to go on. */
  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    await this.#start()
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      this.#settings.say(`kill r${this.#count}, and redrive again`)
      this.#current?.kill()
      await this.#current?.gone
      await this.#start()
    }
  }

  async stop(): Promise<void> {
    await this.#current?.stop(40_000)
  }

  kill(): void {
    this.#current?.kill()
  }

  async #start(): Promise<void> {
    const { folder, servicePort, worker, onJournal } = this.#settings
    const name = `r${(this.#count += 1)}`
    const journalPath = join(folder, `${name}.journal`)
    onJournal(journalPath)
    const logPath = join(folder, `${name}.log`)
    const settings = { ...worker, name, journalPath, logPath, requestTimeoutMs: 0 }
    this.#current = await WorkerProcess.start(this.#program, servicePort, settings)
    await this.#current.started
  }
}
