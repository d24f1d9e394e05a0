import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dynamodbParkingLot } from '../../src/dynamodb.ts'
import { ParkedRecords } from '../../src/index.ts'
import { scheduleChaos, workerName, type ChaosEvent } from './chaos-schedule.ts'
import { Crew } from './crew.ts'
import { gapNow, readEffects } from './effect-table.ts'
import type { EffectMode } from './effects.ts'
import { startEngine, type EngineProcess } from './engine-process.ts'
import { changeOf, type Disturbance } from './facts.ts'
import { patienceMs, type FleetOptions } from './fleet-options.ts'
import { handoversOf, type Handover } from './handovers.ts'
import { watchStalls, type Stall } from './journal.ts'
import { JournalReader } from './journal-reader.ts'
import { monotonicMs } from './monotonic.ts'
import { isPoison, redriveShard, staleEnds, unparked } from './poison.ts'
import { Producer } from './producer.ts'
import { Redrivers } from './redrivers.ts'
import { bundlePrograms } from './programs.ts'
import { coordinationTableName, createTables } from './tables.ts'
import { readTenures } from './tenures.ts'
import { unplanned } from './unplanned.ts'
import { judge, type Verdict } from './verdict.ts'

/** What came of a run. */
export interface FleetReport {
  readonly verdict: Verdict
  readonly mode: EffectMode
  /** What the concurrent reader saw out of order. */
  readonly seenOutOfOrder: readonly string[]
  /** Processes that did not end as they should. */
  readonly accidents: readonly string[]
  /** Handlers that ran after everything was done, all workers had stopped, and new ones had taken over. */
  readonly runsAfterStop: number
  readonly isDrained: boolean
  readonly handovers: readonly Handover[]
  readonly disturbances: readonly Disturbance[]
  /** How often a worker gave up its leases by itself, since it could not renew its right to work. */
  readonly lapseCount: number
  readonly chaos: readonly ChaosEvent[]
  readonly reshardCount: number
  readonly looks: number
  /** Of a run with poison. */
  readonly parking?: ParkingFacts
}

/** What became of poison. */
export interface ParkingFacts {
  /** Effects that redrivers brought about: of the poison, and of what had queued behind it. */
  readonly redrivenCount: number
  readonly poisonCount: number
  readonly redriverCount: number
  readonly leftParked: readonly string[]
  readonly staleEnds: readonly string[]
  readonly unparked: readonly string[]
}

/** Runs a fleet of real processes, disturbs it by the schedule, and judges what took effect. */
export async function runFleet(options: FleetOptions): Promise<FleetReport> {
  const programs = await bundlePrograms(options.folder)
  const stallsPath = join(options.folder, 'stalls')
  const tenuresPath = join(options.folder, 'tenures')
  const stallMs = options.leaseDurationMs / 12
  const engine = await startEngine(options.engine, programs.engine, { seed: options.seed, stallsPath, stallMs })
  const client = new DynamoDBClient(engine.clientConfig)
  const endWatch = watchStalls(stallsPath, '*', stallMs)
  const tableNames = await createTables(client, options.tableCount)
  const reader = new JournalReader()
  const { mode, leaseDurationMs, checkpointIntervalMs, handlerMs, folder, seed, insertCount, keyCount, durationMs } =
    options
  const clientConfig = engine.clientConfig
  const worker = {
    clientConfig,
    tableNames,
    mode,
    tenuresPath,
    stallsPath,
    stallMs,
    leaseDurationMs,
    checkpointIntervalMs,
    handlerMs,
    poisonEvery: options.poisonEvery,
  }
  const crewSettings = {
    folder,
    program: programs.worker,
    servicePort: engine.port,
    worker,
    onJournal: (path: string) => reader.add(path),
    say: options.say,
  }
  const crew = new Crew(crewSettings)
  const redrivers = options.poisonEvery > 0 ? new Redrivers(crewSettings, programs.redriver) : undefined
  const producer = new Producer({ client, tableNames, seed, insertCount, keyCount, durationMs, stallMs })
  try {
    return await new FleetRun({
      options,
      engine,
      client,
      tableNames,
      crew,
      producer,
      reader,
      stallsPath,
      tenuresPath,
      ...(redrivers && { redrivers }),
    }).run()
  } finally {
    endWatch()
    redrivers?.kill()
    await crew.abandon()
    client.destroy()
    await engine.stop()
  }
}

interface Parts {
  readonly options: FleetOptions
  readonly engine: EngineProcess
  readonly client: DynamoDBClient
  readonly tableNames: readonly string[]
  readonly crew: Crew
  readonly producer: Producer
  readonly reader: JournalReader
  readonly stallsPath: string
  readonly tenuresPath: string
  readonly redrivers?: Redrivers
}

/**
 *     produce, disturb, reshard, read along ──▶ drain ──▶ stop all ──▶ new workers find nothing to do ──▶ judge
 */
class FleetRun {
  readonly #parts: Parts
  readonly #seenOutOfOrder: string[] = []
  #looks = 0

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
    engine.rest()
    producing.abort()
    await redriving
    const isDrained = await this.#drain()
    await this.#parts.redrivers?.stop()
    await crew.stopAll()
    reader.look()
    const runsBefore = reader.entries.length
    if (isDrained) await this.#startOver(chaos.length + options.workerCount)
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
        await this.#parts.crew.apply(event)
      }),
    )
  }

  /** Reads the journals, and some keys of the table, again and again. */
  async #readAlong(signal: AbortSignal): Promise<void> {
    const { reader, client, options, crew, producer } = this.#parts
    while (!signal.aborted) {
      reader.look()
      this.#looks += 1
      if (this.#looks % 50 === 0)
        options.say(`${producer.putCount} produced, ${reader.doneCount} took effect, ${crew.size} workers`)
      const key = reader.entries.at(-1 - Math.floor(Math.random() * Math.min(500, reader.entries.length)))?.key
      const gap = options.mode === 'fenced' && key !== undefined ? await gapNow(client, key) : undefined
      if (gap !== undefined) this.#seenOutOfOrder.push(gap)
      await sleep(100)
    }
  }

  /** Resolves when everything produced took effect; `false` when nothing more happens and something is missing. */
  async #drain(): Promise<boolean> {
    const { reader, producer } = this.#parts
    let known = -1
    for (let since = monotonicMs(); reader.doneCount < producer.putCount;) {
      if (reader.doneCount !== known) since = monotonicMs()
      known = reader.doneCount
      if (monotonicMs() - since > patienceMs) return false
      await sleep(100)
    }
    if (this.#parts.redrivers !== undefined) await this.#emptied()
    return true
  }

  /** What a redriver was killed over after its effect stays parked until its hold on the lane has ended, and is redriven then. */
  async #emptied(): Promise<void> {
    for (const since = monotonicMs(); monotonicMs() - since < patienceMs; await sleep(500))
      if ((await this.#lanes()).length === 0) return
  }

  async #lanes() {
    const lot = dynamodbParkingLot({ client: this.#parts.client, tableName: coordinationTableName })
    return await new ParkedRecords({ consumer: 'fleet', lot }).lanes()
  }

  /** Everybody stopped in peace: whoever comes next must find everything settled. */
  async #startOver(startedCount: number): Promise<void> {
    const { crew, options } = this.#parts
    options.say('all stopped; new workers look for something to do')
    for (let n = 1; n <= 2; n += 1) await crew.add(workerName(startedCount + n))
    await crew.started()
    await sleep(2 * options.leaseDurationMs)
    await crew.stopAll()
  }

  async #parkingFacts(): Promise<ParkingFacts> {
    const { options, producer, reader, redrivers } = this.#parts
    const { entries } = reader
    const lanes = await this.#lanes()
    const done = entries.filter(({ kind }) => kind === 'done')
    const poison = new Set(done.filter(({ key, n }) => isPoison(key, n, options.poisonEvery)).map(changeOf))
    return {
      redrivenCount: done.filter(({ shardId }) => shardId === redriveShard).length,
      poisonCount: poison.size,
      redriverCount: redrivers?.count ?? 0,
      leftParked: lanes.map(({ laneKey, recordCount }) => `${laneKey}: ${recordCount} records`),
      staleEnds: staleEnds(producer.produced, entries),
      unparked: unparked(entries, options.poisonEvery),
    }
  }

  async #report(chaos: readonly ChaosEvent[], isDrained: boolean, runsAfterStop: number): Promise<FleetReport> {
    const { options, client, crew, producer, reader, engine, tenuresPath } = this.#parts
    const { entries } = reader
    const stalls = this.#stalls()
    const disturbances = [...crew.disturbances, ...unplanned(stalls, crew.disturbances)]
    const verdict = judge({
      produced: producer.produced,
      entries,
      ...(options.mode === 'fenced' && { rows: await readEffects(client) }),
      ...readTenures(tenuresPath),
      // A save passes what is parked, of which no handler has succeeded: here it says nothing of repeats.
      ...(options.poisonEvery > 0 && { saves: [] }),
      disturbances,
    })
    return {
      verdict,
      mode: options.mode,
      seenOutOfOrder: [...this.#seenOutOfOrder, ...reader.contiguity.violations],
      accidents: crew.accidents,
      runsAfterStop,
      isDrained,
      handovers: handoversOf(crew.departures, entries, options.leaseDurationMs / 2),
      disturbances,
      lapseCount: stalls.filter(({ kind }) => kind === 'lapse').length,
      chaos,
      reshardCount: engine.reshardCount,
      looks: this.#looks,
      ...(options.poisonEvery > 0 && { parking: await this.#parkingFacts() }),
    }
  }

  #stalls(): readonly Stall[] {
    const { stallsPath, producer } = this.#parts
    const lines = existsSync(stallsPath) ? readFileSync(stallsPath, 'utf8').trim().split('\n') : []
    return [...lines.map((line) => JSON.parse(line) as Stall), ...producer.stalls]
  }
}

function schedule(options: FleetOptions): readonly ChaosEvent[] {
  const { seed, durationMs, workerCount, leaseDurationMs, chaosEveryMs: everyMs, chaosKinds: kinds } = options
  return scheduleChaos({ seed, durationMs, workerCount, leaseDurationMs, everyMs, ...(kinds && { kinds }) })
}
