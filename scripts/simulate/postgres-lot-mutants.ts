import type { Mutant, Patch } from './mutants.ts'

function mutant(name: string, scenario: string, within: number, ...patches: readonly Patch[]): Mutant {
  return { name, scenario, within, patches }
}

const held = 'src/parking/postgres/held-lanes.ts'
const lot = 'src/parking/postgres/postgres-parking-lot.ts'

/** Bugs of the parking lot in PostgreSQL. */
export const postgresLotMutants: readonly Mutant[] = [
  mutant('in PostgreSQL a redriven record leaves the lot in a transaction of its own', 'parking-postgres', 1_000, {
    file: 'src/ledger/postgres/mark-keeper.ts',
    find: `    for (const { parked } of entries) if (parked !== undefined) await transaction.takeOut(parked, now)\n`,
    replace: `    for (const { parked } of entries)
      if (parked !== undefined) {
        const { opened } = await this.#setting.store.begin(undefined, { idleMs: 60_000, endMs: 0 })
        await opened.takeOut(parked, now)
        await opened.commit()
      }\n`,
  }),
  mutant('in PostgreSQL a lane opens while a record is left', 'parking-postgres', 1_000, {
    file: held,
    find: `if (parked !== undefined && parked.recordCount > 0) {`,
    replace: `if (parked !== undefined && parked.recordCount > 1) {`,
  }),
  mutant('in PostgreSQL a record is queued in a lane that was just opened', 'parking-postgres', 3_000, {
    file: lot,
    find: `if (condition.onlyBehind && state.parked === undefined) return 'open'`,
    replace: `if (condition.onlyBehind && state.parked === null) return 'open'`,
  }),
  mutant('in PostgreSQL a lane is held by two at once', 'parking-postgres', 1_000, {
    file: held,
    find: `if (!isFree) return 'busy'`,
    replace: `if (!isFree && now < 0) return 'busy'`,
  }),
  mutant('in PostgreSQL who has lost a shard parks its records', 'workers-parking-postgres', 2_000, {
    file: lot,
    find: `if (open.length === 0) throw fenced(fence)`,
    replace: `if (open.length < 0) throw fenced(fence)`,
  }),
  mutant('in PostgreSQL a lane takes more than it may', 'parking-postgres', 1_000, {
    file: lot,
    find: `if (recordCount >= condition.maxPerLane) return 'full'`,
    replace: `if (recordCount > condition.maxPerLane) return 'full'`,
  }),
]
