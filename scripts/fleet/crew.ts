import { join } from 'node:path'
import type { ChaosEvent, PassingEvent } from './chaos-schedule.ts'
import type { Disturbance } from './facts.ts'
import type { Departure } from './handovers.ts'
import { monotonicMs } from './monotonic.ts'
import { WorkerProcess } from './worker-process.ts'
import type { WorkerSettings } from './worker-program.ts'

/** What all workers of a run have in common, and where things are. */
export interface CrewSettings {
  readonly folder: string
  readonly program: string
  readonly servicePort: number
  readonly worker: Omit<WorkerSettings, 'endpoint' | 'name' | 'journalPath' | 'logPath' | 'requestTimeoutMs'>
  /** Told of every journal that will be written. */
  readonly onJournal: (path: string) => void
  readonly say: (line: string) => void
}

/** The worker processes of a run: does to them what the schedule says, and keeps account of it. */
export class Crew {
  readonly disturbances: Disturbance[] = []
  readonly departures: Departure[] = []
  /** Processes that ended as nobody wanted them to. */
  readonly accidents: string[] = []
  readonly #settings: CrewSettings
  readonly #workers = new Map<string, WorkerProcess>()
  readonly #expected = new Set<string>()

  constructor(settings: CrewSettings) {
    this.#settings = settings
  }

  get size(): number {
    return this.#workers.size
  }

  async add(name: string): Promise<void> {
    const { folder, program, servicePort, worker, onJournal } = this.#settings
    const journalPath = join(folder, `${name}.journal`)
    onJournal(journalPath)
    // Half of them as the SDK's clients are by default, without a limit for requests.
    const requestTimeoutMs = Number(name.slice(1)) % 2 === 0 ? worker.leaseDurationMs : 0
    const logPath = join(folder, `${name}.log`)
    const added = await WorkerProcess.start(program, servicePort, {
      ...worker,
      name,
      journalPath,
      logPath,
      requestTimeoutMs,
    })
    this.#workers.set(name, added)
    void added.gone.then(({ code, signal }) => {
      this.#workers.delete(name)
      if (!this.#expected.has(name)) this.accidents.push(`${name} ended by itself (${signal ?? code}), see ${logPath}`)
    })
  }

  /** Resolves when all there are take part in the fleet. */
  async started(): Promise<void> {
    await Promise.all(Array.from(this.#workers.values(), ({ started }) => started))
  }

  async apply(event: ChaosEvent): Promise<void> {
    const { worker: name } = event
    this.#settings.say(describe(event))
    if (event.kind === 'add') return this.add(name)
    const worker = this.#workers.get(name)
    if (worker === undefined) return // an accident, which is told of elsewhere
    if ('forMs' in event) await this.#disturb(worker, event)
    else if (event.kind === 'kill') this.#kill(worker)
    else await this.#stop(worker)
  }

  /** Stops all that are left, gracefully. */
  async stopAll(): Promise<void> {
    await Promise.all(Array.from(this.#workers.values(), (worker) => this.#stop(worker)))
  }

  /** Ends all that are left, whatever happened. */
  async abandon(): Promise<void> {
    const left = [...this.#workers.values()]
    for (const worker of left) this.#expected.add(worker.name)
    for (const worker of left) worker.kill()
    await Promise.all(left.map(({ gone }) => gone))
  }

  #kill(worker: WorkerProcess): void {
    const at = monotonicMs()
    this.#expected.add(worker.name)
    this.disturbances.push({ worker: worker.name, kind: 'kill', from: at, to: Infinity })
    this.departures.push({ worker: worker.name, how: 'kill', at })
    worker.kill()
  }

  async #stop(worker: WorkerProcess): Promise<void> {
    this.#expected.add(worker.name)
    this.departures.push({ worker: worker.name, how: 'stop', at: monotonicMs() })
    const limitMs = 60_000
    const { code, signal } = await worker.stop(limitMs)
    if (code === 0) return
    const why = { SIGKILL: `did not end within ${limitMs} ms`, 3: 'left something running' }[signal ?? String(code)]
    this.accidents.push(`${worker.name}, asked to stop, ${why ?? `ended with ${signal ?? code}`}`)
  }

  async #disturb(worker: WorkerProcess, event: PassingEvent): Promise<void> {
    const { forMs } = event
    const from = monotonicMs()
    if ('direction' in event) worker.proxy.blackHole(event.direction)
    else if (event.kind === 'pause') await worker.pause()
    else worker.proxy.cut()
    await new Promise((resolve) => setTimeout(resolve, forMs))
    this.disturbances.push({ worker: worker.name, kind: event.kind, from, to: monotonicMs() })
    if (event.kind === 'pause') worker.resume()
    else worker.proxy.heal('healing' in event ? event.healing : 'reset')
  }
}

function describe(event: ChaosEvent): string {
  const how = event.kind === 'blackHole' ? ` ${event.direction}, then ${event.healing}` : ''
  return `${event.kind} ${event.worker}${how}${'forMs' in event ? ` for ${event.forMs} ms` : ''}`
}
