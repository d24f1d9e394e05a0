import type { BankFacts } from './bank-facts.ts'
import type { ChaosEvent } from './chaos-events.ts'
import type { EffectMode } from './effects.ts'
import type { Disturbance } from './facts.ts'
import type { Handover } from './handovers.ts'
import type { ParkingFacts } from './parking-facts.ts'
import type { Verdict } from './verdict.ts'

/** What came of a run. */
export interface FleetReport {
  readonly verdict: Verdict
  readonly mode: EffectMode
  /** What the concurrent reader saw out of order, or out of balance. */
  readonly seenOutOfOrder: readonly string[]
  /** Processes that did not end as they should. */
  readonly accidents: readonly string[]
  /** Handlers that ran after everything was done, all workers had stopped, and new ones had taken over. */
  readonly runsAfterStop: number
  readonly isDrained: boolean
  readonly handovers: readonly Handover[]
  /** How long leases that were handed over were nobody's. */
  readonly ownerlessMs: readonly number[]
  readonly disturbances: readonly Disturbance[]
  /** How often a worker gave up its leases by itself, since it could not renew its right to work. */
  readonly lapseCount: number
  readonly chaos: readonly ChaosEvent[]
  readonly reshardCount: number
  readonly looks: number
  /** Of a run with poison. */
  readonly parking?: ParkingFacts
  /** Of a run with accounts. */
  readonly bank?: BankFacts
}
