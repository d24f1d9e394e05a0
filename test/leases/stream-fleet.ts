import type { LeaseTable } from '../../src/leases/coordination.ts'
import { Discovery, type DiscoveryOptions } from '../../src/leases/discovery.ts'
import { DynamoDBLeaseTable } from '../../src/leases/dynamodb/lease-table.ts'
import type { HeldLease, Lease } from '../../src/leases/lease.ts'
import { finishShard } from '../../src/leases/shard-end.ts'
import { withStreamLabel } from '../../src/record/stream-arn.ts'
import { createTidemarkTable } from '../../src/dynamodb.ts'
import { latestStreamArn } from '../../src/source/dynamodb-table-stream.ts'
import type { StreamReading } from '../../src/source/stream-reading.ts'
import type { StreamOptions } from '../../src/testing.ts'
import { answerWithin, StreamTable } from '../support/stream-table.ts'

/** A table with a stream, and the leases of a fleet that consumes it, on one embedded engine. */
export class StreamFleet {
  readonly table: StreamTable
  readonly leases: LeaseTable
  readonly fleet = { consumer: 'receipts', tableName: 'orders' } as const
  readonly #stopping: (() => void)[] = []
  #memberCount = 0

  private constructor(table: StreamTable) {
    const { engine: client, clock, random } = table
    this.table = table
    this.leases = new DynamoDBLeaseTable({ client, tableName: 'coordination', fleet: this.fleet, clock, random })
  }

  static async create(streams: Partial<StreamOptions> = {}): Promise<StreamFleet> {
    const table = await StreamTable.create(streams)
    await createTidemarkTable({ client: table.engine, tableName: 'coordination', clock: table.clock })
    return new StreamFleet(table)
  }

  /** A member's discovery; it runs once it is told to. */
  discovery(options: Partial<DiscoveryOptions> = {}): Member {
    const { table, leases, fleet } = this
    const { clock, random, reading, engine } = table
    const member: Member = new Member({
      ...{ fleet, leases, reading, clock, random },
      latestStream: () => latestStreamArn(engine, 'orders'),
      startAt: 'TRIM_HORIZON',
      isDiscoverer: () => true,
      ...options,
    })
    this.#stopping.push(() => member.stop())
    return member
  }

  /** Lets the time pass until the promise has its answer. */
  async during<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return await answerWithin(60_000, this.table.clock, answer)
  }

  async stop(): Promise<void> {
    for (const stop of this.#stopping) stop()
    await this.table.clock.advance(0)
  }

  /** Places of the leased shards in the order in which they were opened, with an exclamation mark where LATEST. */
  async leased(): Promise<string[]> {
    const list = await this.leases.list()
    const place = new Map(this.table.shardIds().map((id, index) => [id, String(index)]))
    const named = list.map(
      ({ shardId, startAt }) => `${place.get(shardId) ?? shardId}${startAt === 'LATEST' ? '!' : ''}`,
    )
    return named.toSorted()
  }

  async hold(
    shardId: string,
    owner = `member-${(this.#memberCount += 1)}`,
  ): Promise<{ lease: Lease; held: HeldLease }> {
    const seen = (await this.leases.list()).find((lease) => lease.shardId === shardId)
    const lease = seen === undefined ? undefined : await this.leases.acquire(seen, owner)
    if (lease === undefined) throw new Error(`there is no lease of ${shardId} to be had`)
    return { lease, held: { id: lease.id, owner, epoch: lease.epoch } }
  }

  /** Ends a shard as its owner does. */
  async finish(shardId: string, more: Partial<Parameters<typeof finishShard>[0]> = {}): Promise<EndingShard> {
    const { table, leases } = this
    const { clock, random, reading } = table
    const { lease, held } = await this.hold(shardId)
    const stopping = new AbortController()
    const trouble: unknown[] = []
    let childlessCount = 0
    const outcome = finishShard({
      ...{ held, lease, leases, reading, clock, random, signal: stopping.signal },
      streamArn: withStreamLabel(table.streamArn, lease.streamLabel),
      onTrouble: (error) => trouble.push(error),
      onNoChildren: () => (childlessCount += 1),
      ...more,
    })
    outcome.catch(() => {}) // awaited later, or not at all
    return { outcome, trouble, stop: () => stopping.abort(), childlessCount: () => childlessCount }
  }
}

/** A shard that is being ended. */
export interface EndingShard {
  readonly outcome: ReturnType<typeof finishShard>
  readonly trouble: readonly unknown[]
  childlessCount(): number
  stop(): void
}

/** One member's discovery and what it says. */
export class Member {
  readonly discovery: Discovery
  readonly lines: string[] = []
  createdCount = 0
  readonly #stopping = new AbortController()

  constructor(options: Omit<DiscoveryOptions, 'logger' | 'onCreated' | 'signal'>) {
    const log = (message: string) => void this.lines.push(message)
    this.discovery = new Discovery({
      logger: { debug: log, info: log, warn: log, error: log },
      onCreated: () => (this.createdCount += 1),
      signal: this.#stopping.signal,
      ...options,
    })
  }

  stop(): void {
    this.#stopping.abort()
  }
}

/** A reading whose calls are counted, and can be made to fail. */
export function watched(reading: StreamReading): StreamReading & { describeCount: number; failure: Error | undefined } {
  return {
    describeCount: 0,
    failure: undefined,
    async describe(arn) {
      this.describeCount += 1
      if (this.failure !== undefined) throw this.failure
      return await reading.describe(arn)
    },
    async children(arn, id) {
      if (this.failure !== undefined) throw this.failure
      return await reading.children(arn, id)
    },
    openIterator: (arn, id, position) => reading.openIterator(arn, id, position),
    getRecords: (iterator, limit) => reading.getRecords(iterator, limit),
  }
}
