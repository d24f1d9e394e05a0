import type { Fate } from '../actor.ts'
import type { ClaimOwners } from '../claim-owners.ts'
import type { ParkingHabits } from './parking-habits.ts'
import { Redriver, type RedriverSetting } from './redriver.ts'

/** What a crew works with. */
export interface RedriveCrewSetting extends RedriverSetting {
  readonly parking: ParkingHabits
  readonly claims: ClaimOwners
  /** Asks the person who decides about uncertain outcomes. */
  readonly ask: (idempotencyKey: string) => void
}

const lookEveryMs = 5_000
const mostRounds = 400

/** The people and jobs that look after what is parked. While there are faults they die and stand still like everybody else. */
export class RedriveCrew {
  readonly #setting: RedriveCrewSetting
  readonly #alive = new Map<string, Redriver>()
  #startedCount = 0
  #waitingCount = 0

  constructor(setting: RedriveCrewSetting) {
    this.#setting = setting
  }

  /** Whether nobody is at it, and nobody will come by himself. */
  get isIdle(): boolean {
    return this.#alive.size === 0 && this.#waitingCount === 0
  }

  /** Starts those who come while there are faults. */
  begin(): void {
    const { world, parking, ailments } = this.#setting
    const { mendedAtMs, redriversAtMs } = parking
    if (mendedAtMs < Infinity) world.scheduler.after(mendedAtMs, () => ailments.mend())
    for (const at of redriversAtMs) {
      this.#waitingCount += 1
      world.scheduler.after(at, () => {
        this.#waitingCount -= 1
        if (!world.isHealthy) void this.#start().finally(() => undefined)
      })
    }
  }

  /** The faults end. Whoever is still at it is sent home: a job that nobody waits for any more. */
  heal(): void {
    for (const { actor } of this.#alive.values()) actor.kill()
  }

  /** Mends what can be mended, and redrives until nothing is parked and `isOver`. */
  async finish(isOver: () => boolean): Promise<void> {
    const { world, lot, ailments } = this.#setting
    ailments.mend()
    for (let round = 0; round < mostRounds; round += 1) {
      if (lot.parkedLanes.length === 0 && isOver()) return
      this.#askAboutTheDead()
      if (lot.parkedLanes.length > 0) await this.#start()
      else await world.clock.sleep(lookEveryMs)
    }
    const lanes = lot.parkedLanes.map(({ itemKey, records }) => `${itemKey} with ${records.size}`).join(', ')
    world.violate({ invariant: 'I10', message: `redriven ${mostRounds} times, these are parked: ${lanes}` })
  }

  /** Whether somebody alive is at a record, or has just claimed it. */
  isAtWork(idempotencyKey: string): boolean {
    const claim = this.#setting.claims.ofKey(idempotencyKey)
    return claim !== undefined && this.#alive.has(claim.actor)
  }

  async #start(): Promise<void> {
    const { world, parking } = this.#setting
    this.#startedCount += 1
    const name = `redriver${this.#startedCount}-${this.#setting.consumer}`
    const random = world.random.fork(name)
    const offsetMs = Math.round(parking.skewMs * (2 * random.next() - 1))
    const actor = world.actor(name, { offsetMs, rate: 1 })
    const redriver = new Redriver(actor, this.#setting)
    actor.fate = () => this.#fate(redriver)
    this.#alive.set(name, redriver)
    world.trace.note(name, 'starts')
    await new Promise<void>((ended) => {
      actor.onDeath(() => {
        this.#alive.delete(name)
        world.trace.note(name, 'is gone')
        ended()
      })
      actor.gate('reply', () => {
        void this.#work(redriver).then(() => actor.kill())
      })
    })
    // The next looks a moment later: whatever the last one left needs its time.
    await world.clock.sleep(world.isHealthy ? lookEveryMs * random.next() : 0)
  }

  async #work(redriver: Redriver): Promise<void> {
    const { world, parking } = this.#setting
    const { random } = redriver.actor
    const [isDrop, isEdit] = [random.chance(parking.drops), random.chance(parking.edits)]
    try {
      if (world.isHealthy) {
        // What fails now fails for ever: somebody has to decide.
        for (const laneId of await redriver.redrive())
          await redriver.decide(random.chance(0.5) ? 'drop' : 'edit', laneId)
      } else if (isDrop) await redriver.decide('drop')
      else if (isEdit) await redriver.decide('edit')
      else await redriver.redrive()
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message.slice(0, 160)}` : String(error)
      world.trace.note(redriver.actor.name, `fails: ${message}`)
      if (world.isHealthy) world.violate({ invariant: 'defect', message: `a redrive without faults fails: ${message}` })
    }
  }

  #askAboutTheDead(): void {
    const { lot, claims, ask, world } = this.#setting
    if (world.profile.ledger !== 'park') return
    for (const { records } of lot.parkedLanes)
      for (const { idempotencyKey } of records.values())
        if (claims.ofKey(idempotencyKey) !== undefined && !this.isAtWork(idempotencyKey)) ask(idempotencyKey)
  }

  #fate({ actor }: Redriver): Fate {
    const { world, parking } = this.#setting
    const { random } = actor
    if (world.isHealthy) return 'go on'
    const [dies, pauses, share] = [random.chance(parking.crash), random.chance(parking.pause), random.next()]
    if (dies) {
      world.mark('redriver killed')
      return 'die'
    }
    if (!pauses) return 'go on'
    if (share * parking.pauseMs > 30_000) world.mark('redriver paused past its hold')
    return { pauseMs: share * parking.pauseMs }
  }
}
