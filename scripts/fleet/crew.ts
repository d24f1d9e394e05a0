import { join } from 'node:path'
import { describeEvent, type CrewEvent, type PassingEvent } from './chaos-events.ts'
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
  readonly #asleep = new Set<string>()
  #entrance: Promise<unknown> = Promise.resolve()

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

  async apply(event: CrewEvent): Promise<void> {
    const { worker: name } = event
    this.#settings.say(describeEvent(event))
    if (event.kind === 'add') return this.#entrance.then(() => this.add(name))
    const worker = this.#workers.get(name)
    if (worker === undefined) return // an accident, which is told of elsewhere; or it went before its turn, with all others
    if ('forMs' in event) return this.#disturb(worker, event)
    this.departures.push({ worker: name, how: event.kind, at: monotonicMs() })
    if (event.kind === 'kill') this.#kill(worker)
    else await this.#stop(worker)
  }

  /** Does what nobody shall join in during; who was to be added meanwhile is added afterwards. */
  async behindClosedDoors(work: () => Promise<void>): Promise<void> {
    const done = this.#entrance.then(work)
    this.#entrance = done.catch(() => {})
    await done
  }

  /** Ends all that do not sleep. */
  async endAwake(how: 'kill' | 'stop'): Promise<void> {
    const awake = [...this.#workers.values()].filter(({ name }) => !this.#asleep.has(name))
    if (how === 'kill') for (const worker of awake) this.#kill(worker)
    await Promise.all(awake.map((worker) => (how === 'kill' ? worker.gone : this.#stop(worker))))
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
    this.#expected.add(worker.name)
    this.disturbances.push({ worker: worker.name, kind: 'kill', from: monotonicMs(), to: Infinity })
    worker.kill()
  }

  async #stop(worker: WorkerProcess): Promise<void> {
    this.#expected.add(worker.name)
    const limitMs = 60_000
    const { code, signal } = await worker.stop(limitMs)
    if (code === 0) return
    const why = { SIGKILL: `did not end within ${limitMs} ms`, 3: 'left something running' }[signal ?? String(code)]
    this.accidents.push(`${worker.name}, asked to stop, ${why ?? `ended with ${signal ?? code}`}`)
  }

  async #disturb(worker: WorkerProcess, event: PassingEvent): Promise<void> {
    const { forMs } = event
    const from = monotonicMs()
    if ('direction' in event) worker.network.blackHole(event.direction)
    else if (event.kind === 'pause') await this.#putToSleep(worker)
    else worker.network.cut()
    await new Promise((resolve) => setTimeout(resolve, forMs))
    this.disturbances.push({ worker: worker.name, kind: event.kind, from, to: monotonicMs() })
    if (event.kind === 'pause') this.#wake(worker)
    else worker.network.heal('healing' in event ? event.healing : 'reset')
  }

  async #putToSleep(worker: WorkerProcess): Promise<void> {
    this.#asleep.add(worker.name)
    await worker.pause()
  }

  #wake(worker: WorkerProcess): void {
    this.#asleep.delete(worker.name)
    worker.resume()
  }
}
