import { existsSync, readFileSync } from 'node:fs'
import type { Bank } from './bank.ts'
import { bankFacts, type BankFacts } from './bank-facts.ts'
import type { ChaosEvent } from './chaos-events.ts'
import { readEffects } from './effect-table.ts'
import type { Disturbance, RunFacts } from './facts.ts'
import type { FleetReport } from './fleet-report.ts'
import { handoversOf, ownerlessMs } from './handovers.ts'
import type { Stall } from './journal.ts'
import type { Observer } from './observer.ts'
import { parkingFacts, type ParkingFacts } from './parking-facts.ts'
import { parkingsOf } from './parks.ts'
import type { RunParts } from './run-parts.ts'
import { readTally } from './tallies.ts'
import { readTenures } from './tenures.ts'
import { unplanned } from './unplanned.ts'
import { judge } from './verdict.ts'

/** How a run went, as far as only whoever ran it knows. */
export interface RunCourse {
  readonly chaos: readonly ChaosEvent[]
  readonly observer: Observer
  readonly isDrained: boolean
  readonly runsAfterStop: number
  /** When all was produced, monotonic ms. */
  readonly producedAt: number
  readonly absorbedAtEnd: number
}

/** Judges a run that is over. */
export async function reportOf(parts: RunParts, course: RunCourse): Promise<FleetReport> {
  const { options, crew, reader, engine, redrivers, bank } = parts
  const { chaos, observer, isDrained, runsAfterStop } = course
  const stalls = stallsOf(parts)
  const made = [...crew.disturbances, ...(redrivers?.kills ?? [])]
  const disturbances = [...made, ...unplanned(stalls, made)]
  return {
    verdict: judge(await factsOf(parts, disturbances)),
    mode: options.mode,
    seenOutOfOrder: observer.wrong,
    accidents: crew.accidents,
    ...{ runsAfterStop, isDrained, chaos, disturbances },
    handovers: handoversOf(crew.departures, reader.entries, options.leaseDurationMs / 2),
    ownerlessMs: ownerlessMs(readTenures(parts.tenuresPath), course.producedAt),
    lapseCount: stalls.filter(({ kind }) => kind === 'lapse').length,
    reshardCount: engine.reshardCount,
    looks: observer.lookCount,
    ...(bank && { bank: await bankFactsOf(parts, bank, course) }),
    ...(options.poisonEvery > 0 && { parking: await parkingFactsOf(parts, course) }),
  }
}

async function factsOf(parts: RunParts, disturbances: readonly Disturbance[]): Promise<RunFacts> {
  const { options, client, producer, reader, tenuresPath, bank } = parts
  const { entries } = reader
  const tenures = readTenures(tenuresPath)
  return {
    ...{ produced: producer.produced, entries, disturbances, ...tenures },
    ...(options.mode === 'fenced' && { rows: await readEffects(client) }),
    ...(options.poisonEvery > 0 && { parkings: parkingsOf(tenures, entries) }),
    // With a ledger a save passes what the dead have committed and not noted.
    ...(bank && { saves: [], rows: await bank.receipts(), commitsOnce: true }),
  }
}

function bankFactsOf(parts: RunParts, bank: Bank, { observer, absorbedAtEnd }: RunCourse): Promise<BankFacts> {
  const { producer, replays, database, talliesPath } = parts
  return bankFacts(bank, producer.transfers, {
    lookCount: observer.bankLookCount,
    tally: readTally(talliesPath),
    replayCount: replays.count,
    replayedCount: replays.recordCount,
    absorbedAtEnd,
    serverKills: database?.killCount ?? 0,
  })
}

function parkingFactsOf(parts: RunParts, { producedAt }: RunCourse): Promise<ParkingFacts> {
  const { client, producer, reader, redrivers, options } = parts
  return parkingFacts(client, {
    ...{ produced: producer.produced, entries: reader.entries, poisonEvery: options.poisonEvery },
    ...{ redriverCount: redrivers?.count ?? 0, producedAt },
  })
}

function stallsOf({ stallsPath, producer }: RunParts): readonly Stall[] {
  const lines = existsSync(stallsPath) ? readFileSync(stallsPath, 'utf8').split('\n').slice(0, -1) : []
  return [...lines.map((line) => JSON.parse(line) as Stall), ...producer.stalls]
}
