import { createConsumer, silentLogger } from 'tidemark'
import {
  createEmbeddedDynamoDB,
  createManualClock,
  type EmbeddedDynamoDB,
  type ManualClock,
  meter,
} from 'tidemark/testing'
import { createTidemarkTable, createWorker, type Worker } from 'tidemark/worker'
import { printTable, type Row, shown } from './support/table.ts'

// What a fleet's coordination costs: every request to the coordination table is counted at the embedded engine and priced by
// AWS's published rules. Time is the simulation's, so a minute of a thousand shards takes seconds and is the same each time.
// The peer is what KCL 3 spends on nothing but renewing its leases: one write unit for each, every 3.3 seconds.

const sizes: readonly (readonly [shards: number, workers: number])[] = [
  [1, 1],
  [1, 50],
  [10, 2],
  [100, 10],
  [1_000, 1],
  [1_000, 20],
  [1_000, 50],
]
const measuredSeconds = 60
const recordsPerSecond = 1_000
const kclRenewalSeconds = 3.3

interface Cost {
  readonly requests: number
  readonly units: number
}

class Fleet {
  readonly #clock: ManualClock
  readonly #engine: EmbeddedDynamoDB
  readonly #meter: ReturnType<typeof meter>
  readonly #workers: readonly Worker[]
  #written = 0

  private constructor(clock: ManualClock, engine: EmbeddedDynamoDB, workerCount: number) {
    this.#clock = clock
    this.#engine = engine
    this.#meter = meter(engine as never)
    this.#workers = Array.from({ length: workerCount }, (_, index) =>
      createWorker(createConsumer({ name: 'fleet', handler: () => {}, logger: silentLogger, clock }), {
        ...{ tableName: 'orders', dynamodb: this.#meter.client as never, streams: engine, clock },
        ...{ coordinationTableName: 'tidemark', logger: silentLogger, workerName: `worker-${index}` },
      }),
    )
  }

  static async start(shardCount: number, workerCount: number): Promise<Fleet> {
    const clock = createManualClock()
    const engine = createEmbeddedDynamoDB({ clock, streams: { initialShardCount: shardCount } })
    engine.execute('CreateTable', {
      TableName: 'orders',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    })
    await createTidemarkTable({ client: engine, tableName: 'tidemark', clock })
    const fleet = new Fleet(clock, engine, workerCount)
    const started = Promise.all(fleet.#workers.map((worker) => worker.start()))
    await fleet.#pass(60_000)
    await started
    return fleet
  }

  /** Coordination requests and capacity units a second. */
  async cost(recordsEachSecond: number): Promise<Cost> {
    this.#meter.reset()
    for (let second = 0; second < measuredSeconds; second += 1) {
      for (let count = 0; count < recordsEachSecond; count += 1) this.#write()
      await this.#pass(1_000)
    }
    const { requests, readUnits, writeUnits } = this.#meter.usage()
    return { requests: requests / measuredSeconds, units: (readUnits + writeUnits) / measuredSeconds }
  }

  async stop(): Promise<void> {
    const stopped = Promise.all(this.#workers.map((worker) => worker.stop()))
    await this.#pass(60_000)
    await stopped
  }

  #write(): void {
    this.#written += 1
    const id = { S: `order#${this.#written % 50_000}` }
    this.#engine.execute('PutItem', { TableName: 'orders', Item: { id, n: { N: String(this.#written) } } })
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) await this.#clock.advance(100)
  }
}

const rows: Row[] = []
for (const [shards, workers] of sizes) {
  const fleet = await Fleet.start(shards, workers)
  const idle = await fleet.cost(0)
  const busy = await fleet.cost(recordsPerSecond)
  await fleet.stop()
  const kcl = shards / kclRenewalSeconds
  const share = `${((idle.units / kcl) * 100).toFixed(idle.units < kcl ? 1 : 0)} %`
  rows.push([
    `${shown(shards)} × ${workers}`,
    ...[shown(idle.requests), shown(idle.units), shown(kcl), share, shown(busy.requests), shown(busy.units)],
  ])
}
printTable(
  `Coordination a second: shards × workers, idle and at ${shown(recordsPerSecond)} records a second`,
  ['', 'idle req', 'idle units', 'KCL renewals', 'share', 'busy req', 'busy units'],
  rows,
  ['Units: read and write units. KCL renewals: one write unit a lease every 3.3 s, and nothing else.'],
)
