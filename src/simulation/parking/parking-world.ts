import type { UncertainOutcomeError } from '../../errors.ts'
import type { Bank } from '../bank/bank.ts'
import type { ClaimOwners } from '../claim-owners.ts'
import type { Change, History } from '../history.ts'
import type { Network } from '../network.ts'
import type { Oracle } from '../oracle.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import { Ailments } from './ailments.ts'
import { LotOracle } from './lot-oracle.ts'
import type { ParkingHabits } from './parking-habits.ts'
import { RedriveCrew } from './redrive-crew.ts'
import type { ParkingWorld } from './redriver.ts'

/** What the lot of one consumer is watched with. */
export interface LotParts {
  readonly world: ParkingWorld
  readonly history: History
  readonly claims: ClaimOwners
  readonly database: () => SimulatedDatabase
  /** See `LotOracleSetting`. */
  readonly isOver: (sender: string, eventId: string) => boolean
}

// Where nothing is parked, an oracle of the lot has nothing to judge.
const noParking: ParkingHabits = {
  ...{ maxPerLane: undefined, maxPerConsumer: undefined, sinks: [], mendedAtMs: Infinity, redriversAtMs: [] },
  ...{ drops: 0, edits: 0, crash: 0, pause: 0, pauseMs: 0, skewMs: 0, restMs: 0, downstreamAway: undefined },
}

/** Who watches a consumer's lot. */
export function lotOracleOf({ world, history, ...parts }: LotParts): LotOracle {
  const { parking = noParking, network } = world.profile
  return new LotOracle({
    ...{ ...parts, history, parking, network },
    now: () => world.scheduler.now,
    wallNow: () => world.clock.now(),
    violate: (message) => world.violate({ invariant: 'I8', message: `${history.consumer}: ${message}` }),
    mark: (mark) => world.mark(mark),
  })
}

/** What is wrong with records, in a world in which consumers park. */
export function ailmentsOf({ profile, scheduler }: ParkingWorld): Ailments | undefined {
  const { parking } = profile
  return parking === undefined ? undefined : new Ailments({ parking, now: () => scheduler.now })
}

/** What those work with who redrive what a consumer has parked. */
export interface CrewParts {
  readonly world: ParkingWorld
  readonly consumer: string
  readonly network: Network
  readonly oracle: Oracle
  readonly lot: LotOracle
  readonly claims: ClaimOwners
  readonly ailments: Ailments | undefined
  readonly bank: Bank | undefined
  readonly ordered: (change: Change) => Change
  /** Asks the person who decides about uncertain outcomes. */
  readonly ask: (idempotencyKey: string) => void
}

export function crewOf({ ailments, ...parts }: CrewParts): RedriveCrew | undefined {
  const { world, ask } = parts
  const { parking } = world.profile
  if (parking === undefined || ailments === undefined) return undefined
  const uncertain = (error: UncertainOutcomeError) => ask(error.idempotencyKey ?? '')
  return new RedriveCrew({ ...parts, ailments, parking, uncertain })
}
