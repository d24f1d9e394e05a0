import type { Fate } from '../actor.ts'
import type { FleetEvent, WorkerHabits } from './profile.ts'
import { WorkerProcess, type WorkerProcessSetting } from './process.ts'

/** A place for a worker: its processes, one after the other. */
interface Slot {
  readonly name: string
  startedCount: number
  process: WorkerProcess | undefined
  isStopping: boolean
  /** Nobody starts another one there. */
  isClosed: boolean
}

/** What a fleet host tells and asks. */
export interface FleetHostListener {
  /** Some worker's start has resolved. */
  onStarted(): void
  /** Whether nothing that is promised depends just now on the wall clock of a worker. */
  mayClocksBeSet(): boolean
}

/** Starts workers, lets happen to them what happens to processes and machines, and starts others in their place. */
export class FleetHost {
  readonly #setting: WorkerProcessSetting
  readonly #slots: readonly Slot[]
  readonly #onStarted: () => void
  readonly #mayClocksBeSet: () => boolean
  #onGap: WorkerHabits['onGap']
  #isAway = false

  constructor(setting: WorkerProcessSetting, { onStarted, mayClocksBeSet }: FleetHostListener) {
    this.#setting = setting
    this.#onStarted = onStarted
    this.#mayClocksBeSet = mayClocksBeSet
    const { profile } = setting.world
    this.#onGap = profile.worker.onGap
    this.#slots = Array.from({ length: profile.workerCount }, (_, index) => {
      const state = { startedCount: 0, process: undefined, isStopping: false, isClosed: false }
      return { name: `worker${index + 1}`, ...state }
    })
  }

  /** The processes that run, or are stopped for a while. */
  get alive(): readonly WorkerProcess[] {
    return this.#slots.flatMap(({ process }) => (process === undefined ? [] : [process]))
  }

  /** Whether nobody is on the way in or out, or stands still. */
  get isSteady(): boolean {
    return this.#slots.every(({ process, isStopping, isClosed }) =>
      process === undefined ? isClosed : !isStopping && !process.actor.isStopped,
    )
  }

  /** Starts all of them, one after the other, and lets happen to them what their world has in store. */
  begin(): void {
    const { world } = this.#setting
    const { chaosMs, workerCount, process } = world.profile
    const random = world.random.fork('fleet')
    for (const [index, slot] of this.#slots.entries()) {
      const isLate = index > 0 && random.chance(0.4)
      const atMs = random.next() * (isLate ? chaosMs : 1_000)
      world.scheduler.after(atMs, () => this.#start(slot))
    }
    for (let count = 0; count < process.eventCount; count += 1) {
      const what = process.events[random.integer(0, process.events.length - 1)] ?? 'kill'
      const [atMs, slot, extent] = [
        random.next() * chaosMs,
        this.#slots[random.integer(0, workerCount - 1)],
        random.next(),
      ]
      world.scheduler.after(atMs, () => this.#happen(what, slot, extent))
    }
  }

  /** All are gone, and nobody starts another. */
  leave(): void {
    this.#isAway = true
    for (const slot of this.#slots) this.#kill(slot)
  }

  comeBack(): void {
    this.#isAway = false
    for (const slot of this.#slots) this.#start(slot)
  }

  /** From now on nothing happens any more. There is a worker, and each goes on behind a gap. */
  heal(): void {
    const random = this.#setting.world.random.fork('healed fleet')
    const isHalting = this.#onGap === 'halt' && this.#setting.world.profile.awayHours > 0
    if (isHalting) this.#onGap = 'continue'
    for (const [index, slot] of this.#slots.entries()) {
      if (isHalting) this.#stop(slot)
      const isKept = index === 0 || random.chance(0.7)
      slot.isClosed = !isKept && !isHalting
      if (isKept) this.#start(slot)
    }
  }

  /** Stops all that run. */
  async stopAll(): Promise<void> {
    for (const slot of this.#slots) slot.isClosed = true
    await Promise.all(this.alive.map(({ worker }) => worker.stop()))
  }

  #start(slot: Slot): void {
    if (slot.process !== undefined || slot.isClosed || this.#isAway) return
    const { world, workerOracle } = this.#setting
    const { skewMs, drift } = world.profile
    slot.startedCount += 1
    const name = `${slot.name}.${slot.startedCount}`
    const random = world.random.fork(`${name} clock`)
    const offsetMs = Math.round(skewMs * (2 * random.next() - 1))
    const actor = world.actor(name, { offsetMs, rate: 1 + drift * (2 * random.next() - 1) })
    const process = new WorkerProcess(actor, this.#onGap, this.#setting)
    slot.process = process
    slot.isStopping = false
    actor.fate = () => this.#fate(slot)
    actor.onDeath(() => {
      this.#setting.lot.silenced(name)
      this.#ended(slot, process, 'dies')
    })
    workerOracle.launchedAt = Math.min(workerOracle.launchedAt, world.scheduler.now)
    world.trace.note(name, 'starts')
    actor.gate('reply', () => {
      process.worker.start().then(
        () => {
          if (!slot.isStopping) this.#onStarted()
        },
        (error: unknown) => {
          if (slot.isStopping) return
          world.mark('worker could not start')
          world.trace.note(name, `could not start: ${error instanceof Error ? error.message.slice(0, 160) : ''}`)
          actor.kill()
        },
      )
    })
  }

  #ended(slot: Slot, process: WorkerProcess, how: string): void {
    const { world } = this.#setting
    world.trace.note(process.actor.name, how)
    if (slot.process !== process) return
    slot.process = undefined
    world.scheduler.after(world.profile.process.restartMs, () => this.#start(slot))
  }

  #happen(what: FleetEvent, slot: Slot | undefined, extent: number): void {
    const { world } = this.#setting
    const process = slot?.process
    if (slot === undefined || process === undefined || world.isHealthy) return
    const { actor } = process
    const longMs = 3 * world.profile.worker.leaseDurationMs * extent
    if (what === 'set clock' && !this.#mayClocksBeSet()) return
    world.trace.note(actor.name, `${what} ${longMs.toFixed(0)}`)
    if (what === 'kill') this.#kill(slot)
    else if (what === 'stop') this.#stop(slot)
    else if (what === 'pause') this.#pause(slot, longMs)
    else if (what === 'suspend') {
      world.mark('machine suspended')
      actor.suspend(longMs)
    } else {
      world.mark('wall clock set')
      actor.stepWallClock(Math.round((extent - 0.7) * 10 * world.profile.worker.leaseDurationMs))
    }
  }

  #kill(slot: Slot): void {
    if (slot.process === undefined) return
    this.#setting.world.mark('worker killed')
    slot.process.actor.kill()
  }

  #stop(slot: Slot): void {
    const { process } = slot
    if (process === undefined || slot.isStopping) return
    const { world } = this.#setting
    world.mark('worker stopped')
    slot.isStopping = true
    process.actor.gate('reply', () => {
      world.trace.note(process.actor.name, 'is told to stop')
      void process.worker.stop().then(() => process.actor.kill())
    })
  }

  #pause({ process }: Slot, ms: number): void {
    const { world } = this.#setting
    world.mark('worker paused')
    if (ms > world.profile.worker.leaseDurationMs) world.mark('worker paused past its lease')
    process?.actor.pause(ms)
  }

  #fate(slot: Slot): Fate {
    const { world } = this.#setting
    const { crash, pause, pauseMs } = world.profile.process
    if (world.isHealthy || (crash === 0 && pause === 0)) return 'go on'
    const { random } = slot.process?.actor ?? world
    const [dies, pauses, share] = [random.chance(crash), random.chance(pause), random.next()]
    if (dies) {
      world.mark('worker killed')
      return 'die'
    }
    if (!pauses) return 'go on'
    world.mark('worker paused')
    if (share * pauseMs > world.profile.worker.leaseDurationMs) world.mark('worker paused past its lease')
    return { pauseMs: share * pauseMs }
  }
}
