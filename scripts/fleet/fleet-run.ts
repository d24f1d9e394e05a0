import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bank } from './bank.ts'
import { bankFacts, type BankFacts } from './bank-facts.ts'
import { describeEvent, scheduleChaos, workerName, type ChaosEvent, type DatabaseEvent } from './chaos-schedule.ts'
import type { Crew } from './crew.ts'
import type { DatabaseProcess } from './database-process.ts'
import { gapNow, readEffects } from './effect-table.ts'
import type { EngineProcess } from './engine-process.ts'
import { chaosKindsOf, patienceMs, type FleetOptions } from './fleet-options.ts'
import type { FleetReport } from './fleet-report.ts'
import { handoversOf } from './handovers.ts'
import type { Stall } from './journal.ts'
import type { JournalReader } from './journal-reader.ts'
import { monotonicMs } from './monotonic.ts'
import { parkedLanes, parkingFacts } from './parking-facts.ts'
import { parkingsOf } from './parks.ts'
import type { Producer } from './producer.ts'
import type { Redrivers } from './redrivers.ts'
import type { Replays } from './replays.ts'
import { readTally } from './tallies.ts'
import { readTenures } from './tenures.ts'
import { banksOf, imbalance, totalOf } from './transfers.ts'
import { unplanned } from './unplanned.ts'
import { judge } from './verdict.ts'

interface Parts {
  readonly options: FleetOptions
  readonly engine: EngineProcess
  readonly client: DynamoDBClient
  readonly tableNames: readonly string[]
  readonly crew: Crew
  readonly producer: Producer
  readonly reader: JournalReader
  readonly replays: Replays
  readonly stallsPath: string
  readonly tenuresPath: string
  readonly talliesPath: string
  readonly redrivers?: Redrivers
  readonly bank?: Bank
  readonly database?: DatabaseProcess
}

/**
 *     produce, disturb, reshard, read along ──▶ drain ──▶ stop all ──▶ new workers find nothing to do ──▶ judge
 */
export class FleetRun {
  readonly #parts: Parts
  readonly #seenOutOfOrder: string[] = []
  #looks = 0
  #bankLooks = 0
  #absorbedAtEnd = 0
  #producedAt = Infinity

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async run(): Promise<FleetReport> {
    const { options, engine, crew, producer, reader, tableNames } = this.#parts
    const chaos = Number.isFinite(options.chaosEveryMs) ? schedule(options) : []
    const reading = new AbortController()
    const readAlong = this.#readAlong(reading.signal)
    for (let n = 1; n <= options.workerCount; n += 1) await crew.add(workerName(n))
    await crew.started()
    engine.reshard(tableNames, options.reshardEveryMs)
    const producing = new AbortController()
    const redriving = this.#parts.redrivers?.run(2 * options.chaosEveryMs, producing.signal)
    await Promise.all([producer.run(), this.#disturb(chaos)])
    this.#producedAt = monotonicMs()
    engine.rest()
    producing.abort()
    await redriving
    const isDrained = await this.#drain()
    await this.#parts.redrivers?.stop()
    await crew.stopAll()
    reader.look()
    const runsBefore = reader.entries.length
    if (isDrained) await this.#startOver()
    reading.abort()
    await readAlong
    reader.look()
    const runsAfterStop = reader.entries.length - runsBefore
    return await this.#report(chaos, isDrained, runsAfterStop)
  }

  async #disturb(chaos: readonly ChaosEvent[]): Promise<void> {
    const startedAt = monotonicMs()
    await Promise.all(
      chaos.map(async (event) => {
        await sleep(Math.max(0, startedAt + event.atMs - monotonicMs()))
        await this.#apply(event)
      }),
    )
  }

  #apply(event: ChaosEvent): Promise<void> {
    if (event.kind === 'replay') return this.#parts.replays.run(event)
    if (event.kind === 'database') return this.#killDatabase(event)
    return this.#parts.crew.apply(event)
  }

  async #killDatabase(event: DatabaseEvent): Promise<void> {
    this.#parts.options.say(describeEvent(event))
    await this.#parts.database?.kill(event.forMs)
  }

  /** Reads the journals, and some keys or accounts, again and again. */
  async #readAlong(signal: AbortSignal): Promise<void> {
    const { reader, options, crew, producer } = this.#parts
    while (!signal.aborted) {
      reader.look()
      this.#looks += 1
      if (this.#looks % 50 === 0)
        options.say(`${producer.putCount} produced, ${reader.doneCount} took effect, ${crew.size} workers`)
      const wrong = (await this.#gapNow()) ?? (await this.#imbalanceNow())
      if (wrong !== undefined) this.#seenOutOfOrder.push(wrong)
      await sleep(100)
    }
  }

  async #gapNow(): Promise<string | undefined> {
    const { reader, options, client } = this.#parts
    const { entries } = reader
    const key = entries.at(-1 - Math.floor(Math.random() * Math.min(500, entries.length)))?.key
    return options.mode === 'fenced' && key !== undefined ? await gapNow(client, key) : undefined
  }

  async #imbalanceNow(): Promise<string | undefined> {
    const { bank, options } = this.#parts
    if (bank === undefined || this.#looks % 5 !== 0) return undefined
    const banks = banksOf(options.keyCount)
    const accounts = await bank.look(banks[Math.floor(Math.random() * banks.length)] ?? [])
    if (accounts !== undefined) this.#bankLooks += 1
    return accounts && imbalance(accounts)
  }

  /** Resolves when everything produced took effect; `false` when nothing more happens and something is missing. */
  async #drain(): Promise<boolean> {
    const { producer, redrivers, client } = this.#parts
    const isDrained = await changesUntil(
      () => this.#doneCount(),
      (count) => count >= producer.putCount,
    )
    // What a redriver was killed over after its effect stays parked until its hold on the lane has ended, and is redriven then.
    if (isDrained && redrivers !== undefined)
      for (const since = monotonicMs(); monotonicMs() - since < patienceMs; await sleep(500))
        if ((await parkedLanes(client)).length === 0) break
    return isDrained
  }

  /** Of transfers the accounts tell: who is killed between a commit and its note has noted nothing. */
  async #doneCount(): Promise<number> {
    const { bank, reader } = this.#parts
    return bank === undefined ? reader.doneCount : totalOf((await bank.accounts()).values()).sent
  }

  /** Everybody stopped in peace: whoever comes next must find everything settled, also when all of it comes again. */
  async #startOver(): Promise<void> {
    const { crew, options, bank, replays, talliesPath, producer } = this.#parts
    options.say('all stopped; new workers look for something to do')
    const absorbedBefore = readTally(talliesPath).absorbed
    if (bank !== undefined) await replays.rewindAll()
    for (let n = 1; n <= 2; n += 1) await crew.add(`z${n}`)
    await crew.started()
    const absorbed = () => Promise.resolve((this.#absorbedAtEnd = readTally(talliesPath).absorbed - absorbedBefore))
    if (bank === undefined) await sleep(2 * options.leaseDurationMs)
    else await changesUntil(absorbed, (count) => count >= producer.putCount)
    await crew.stopAll()
  }

  async #report(chaos: readonly ChaosEvent[], isDrained: boolean, runsAfterStop: number): Promise<FleetReport> {
    const { options, crew, producer, reader, engine, tenuresPath, client, redrivers, bank } = this.#parts
    const { mode, poisonEvery, leaseDurationMs } = options
    const { entries } = reader
    const stalls = this.#stalls()
    const disturbances = [...crew.disturbances, ...unplanned(stalls, crew.disturbances), ...(redrivers?.kills ?? [])]
    const tenures = readTenures(tenuresPath)
    const verdict = judge({
      ...{ produced: producer.produced, entries, disturbances, ...tenures },
      ...(mode === 'fenced' && { rows: await readEffects(client) }),
      ...(poisonEvery > 0 && { parkings: parkingsOf(tenures, entries) }),
      // With a ledger a save passes what the dead have committed and not noted.
      ...(bank && { saves: [], rows: await bank.receipts(), commitsOnce: true }),
    })
    return {
      verdict,
      mode,
      seenOutOfOrder: [...this.#seenOutOfOrder, ...reader.contiguity.violations],
      accidents: crew.accidents,
      runsAfterStop,
      isDrained,
      handovers: handoversOf(crew.departures, entries, leaseDurationMs / 2),
      disturbances,
      lapseCount: stalls.filter(({ kind }) => kind === 'lapse').length,
      chaos,
      reshardCount: engine.reshardCount,
      looks: this.#looks,
      ...(bank && { bank: await this.#bankFacts(bank) }),
      ...(poisonEvery > 0 && {
        parking: await parkingFacts(client, {
          ...{ produced: producer.produced, entries, poisonEvery },
          ...{ redriverCount: redrivers?.count ?? 0, producedAt: this.#producedAt },
        }),
      }),
    }
  }

  #bankFacts(bank: Bank): Promise<BankFacts> {
    const { producer, replays, database, talliesPath } = this.#parts
    return bankFacts(bank, producer.transfers, {
      lookCount: this.#bankLooks,
      tally: readTally(talliesPath),
      replayCount: replays.count,
      replayedCount: replays.recordCount,
      absorbedAtEnd: this.#absorbedAtEnd,
      serverKills: database?.killCount ?? 0,
    })
  }

  #stalls(): readonly Stall[] {
    const { stallsPath, producer } = this.#parts
    const lines = existsSync(stallsPath) ? readFileSync(stallsPath, 'utf8').trim().split('\n') : []
    return [...lines.map((line) => JSON.parse(line) as Stall), ...producer.stalls]
  }
}

/** Looks again and again until the count is as wanted; `false` when it has not changed for too long. */
async function changesUntil(count: () => Promise<number>, isEnough: (count: number) => boolean): Promise<boolean> {
  let known = -1
  for (let since = monotonicMs(); ; await sleep(200)) {
    const now = await count()
    if (isEnough(now)) return true
    if (now !== known) since = monotonicMs()
    known = now
    if (monotonicMs() - since > patienceMs) return false
  }
}

function schedule(options: FleetOptions): readonly ChaosEvent[] {
  const { seed, durationMs, workerCount, leaseDurationMs, chaosEveryMs: everyMs, mode } = options
  const kinds = options.chaosKinds ?? chaosKindsOf(mode)
  return scheduleChaos({ seed, durationMs, workerCount, leaseDurationMs, everyMs, kinds })
}
