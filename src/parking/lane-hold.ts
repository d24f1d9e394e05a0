import { LeaseLostError } from '../errors.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { Elapsed } from '../internal/elapsed.ts'
import type { LaneName } from './lane-name.ts'
import type { HeldLane, ParkingLot } from './parking-lot.ts'

// Long enough for a slow request, short enough to wait for after a crash.
const holdMs = 30_000
const extendEveryMs = 7_500
// The rest is for clocks that differ: whether the time is over is judged by the wall clock of whoever wants the lane next.
const share = 0.8

/**
 * A lane held by this process, for as long as it says so in time.
 *
 *     held ── extended every 7.5 s ──▶ held ── let go ──▶ over
 *                                       └── its time is over, or another has it ──▶ lost: the signal aborts
 */
export class LaneHold {
  readonly held: HeldLane
  readonly #lot: ParkingLot
  readonly #clock: Clock
  readonly #lost = new AbortController()
  readonly #over = new AbortController()
  #elapsed: Elapsed
  readonly #extending: Promise<void>

  private constructor(lot: ParkingLot, clock: Clock, held: HeldLane, elapsed: Elapsed) {
    this.held = held
    this.#lot = lot
    this.#clock = clock
    this.#elapsed = elapsed
    this.#extending = this.#extend()
  }

  /** Takes a lane. */
  static async take(
    lot: ParkingLot,
    lane: LaneName,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ): Promise<LaneHold | 'busy' | 'open'> {
    const token = random.id()
    const elapsed = new Elapsed(clock)
    const answer = await lot.hold(lane, token, clock.now() + holdMs)
    return answer === 'held' ? new LaneHold(lot, clock, { lane, token }, elapsed) : answer
  }

  /** Aborts when the lane is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Throws when the lane may be another's by now: ask right before whatever must not happen then. */
  assertHeld(): void {
    if (this.#isOver) this.#lose()
    this.#lost.signal.throwIfAborted()
  }

  /** Gives it up. */
  async letGo(): Promise<'open' | 'parked' | 'lost'> {
    this.#over.abort()
    await this.#extending
    return this.#lot.letGo(this.held)
  }

  async #extend(): Promise<void> {
    while (!this.#over.signal.aborted && !this.#lost.signal.aborted) {
      await this.#clock.sleep(extendEveryMs, this.#over.signal)
      if (this.#over.signal.aborted) return
      const elapsed = new Elapsed(this.#clock)
      try {
        const answer = await this.#lot.extend(this.held, this.#clock.now() + holdMs)
        if (answer === 'lost') this.#lose()
        else this.#elapsed = elapsed
      } catch {
        // Tried again in a while; the hold ends by itself when that does not help.
        if (this.#isOver) this.#lose()
      }
    }
  }

  /** Time in which the machine was suspended counts: the others have not stood still. */
  get #isOver(): boolean {
    return this.#elapsed.ms() >= holdMs * share
  }

  #lose(): void {
    this.#lost.abort(new LeaseLostError('the lane is held by somebody else by now; its record stays parked'))
  }
}
