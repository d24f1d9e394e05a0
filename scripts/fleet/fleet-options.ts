import { chaosKinds, type ChaosKind } from './chaos-events.ts'
import { isBank, type EffectMode } from './effects.ts'
import type { EngineKind } from './engine-process.ts'

/** A run of the fleet. */
export interface FleetOptions {
  readonly engine: EngineKind
  readonly mode: EffectMode
  readonly insertCount: number
  readonly keyCount: number
  /** For how long is produced, and the fleet disturbed. */
  readonly durationMs: number
  readonly seed: string
  readonly workerCount: number
  readonly tableCount: number
  readonly leaseDurationMs: number
  readonly checkpointIntervalMs: number
  readonly handlerMs: number
  /** The mean time between two disturbances; `Infinity` for peace. */
  readonly chaosEveryMs: number
  /** @default {@link chaosKindsOf} its mode */
  readonly chaosKinds?: readonly ChaosKind[]
  readonly reshardEveryMs: number
  /** One version in so many can't be handled by workers, is parked, and is redriven by others; 0 for none. */
  readonly poisonEvery: number
  /** Where journals and logs are written. */
  readonly folder: string
  /** Told of what is done, line by line. */
  readonly say: (line: string) => void
}

/** A run that is stuck for this long is over. */
export const patienceMs = 45_000

const leaseDurationMs = 4_000

export const fleetDefaults = {
  engine: 'embedded',
  mode: 'plain',
  insertCount: 100_000,
  keyCount: 5_000,
  durationMs: 120_000,
  seed: '1',
  workerCount: 4,
  leaseDurationMs,
  checkpointIntervalMs: 500,
  handlerMs: 4,
  chaosEveryMs: 1.2 * leaseDurationMs,
  poisonEvery: 0,
} as const satisfies Partial<FleetOptions>

/** DynamoDB Local has one shard for each stream: several tables give several workers something to do. */
export function tableCountFor(engine: EngineKind): number {
  return engine === 'embedded' ? 1 : 6
}

/** How often shards are closed: a replay goes through all their generations, one after the other. */
export function reshardEveryMsOf(mode: EffectMode): number {
  return isBank(mode) ? 12_000 : 4_000
}

/** What can be done to a fleet of this mode: only with a ledger does a replay change nothing. */
export function chaosKindsOf(mode: EffectMode): readonly ChaosKind[] {
  if (mode === 'bank') return [...chaosKinds, 'replay']
  if (mode === 'bank-postgres') return [...chaosKinds, 'replay', 'database']
  return chaosKinds
}
