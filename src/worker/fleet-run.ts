import type { Consumer } from '../consumer/consumer.ts'
import { isTidemarkError } from '../errors.ts'
import { retryDelayMs } from '../handler/retry-policy.ts'
import { isTransientAwsError } from '../internal/aws-error.ts'
import type { LeaseTable } from '../leases/coordination.ts'
import { Discovery } from '../leases/discovery.ts'
import { leaseCondition } from '../leases/dynamodb/held.ts'
import { DynamoDBLeaseTable } from '../leases/dynamodb/lease-table.ts'
import { DynamoDBMemberTable } from '../leases/dynamodb/member-table.ts'
import { LateChildren } from '../leases/late-children.ts'
import { FleetMember } from '../leases/fleet-member.ts'
import type { Lease } from '../leases/lease.ts'
import { DynamoDBParkingLot } from '../parking/dynamodb/parking-lot.ts'
import { withStreamLabel } from '../record/stream-arn.ts'
import { latestStreamArn } from '../source/dynamodb-table-stream.ts'
import type { StreamReading } from '../source/stream-reading.ts'
import { fleetStatus } from './fleet-status.ts'
import { hasPlace } from './read-start.ts'
import type { ResolvedWorkerOptions } from './resolve-options.ts'
import type { ShardSetting } from './shard-setting.ts'
import { ShardRuns } from './shard-runs.ts'
import type { FleetStatus } from './status.ts'

const openedPollMs = 250
const pausedPollMs = 5_000
const startPolicy = { baseDelayMs: 200, maxDelayMs: 5_000, maxAttempts: Infinity }

/** One consumer on one table in this process: its place in the fleet, the shards it consumes, and its share of discovery. */
export class FleetRun {
  readonly #consumer: Consumer
  readonly #tableName: string
  readonly #options: ResolvedWorkerOptions
  readonly #leases: LeaseTable
  readonly #member: FleetMember
  readonly #runs: ShardRuns
  readonly #discovery: Discovery
  readonly #lateChildren: LateChildren
  readonly #stopping = new AbortController()
  // Known once the table was described; nothing asks for it before.
  #streamArn = ''
  #started: Promise<void> | undefined
  #discovering: Promise<void> | undefined

  constructor(consumer: Consumer, tableName: string, options: ResolvedWorkerOptions, reading: StreamReading) {
    this.#consumer = consumer
    this.#tableName = tableName
    this.#options = options
    const { clock, random, logger, dynamodb, coordinationTableName, leaseDurationMs, workerName, startAt } = options
    const fleet = { consumer: consumer.name, tableName }
    const coordination = {
      ...{ client: dynamodb, tableName: coordinationTableName, fleet, clock, random },
      retryForMs: leaseDurationMs / 4,
    }
    consumer.useParkingLot(new DynamoDBParkingLot(dynamodb, coordinationTableName, clock, random))
    const leases = (this.#leases = new DynamoDBLeaseTable(coordination))
    const setting: ShardSetting = {
      ...{ fleet, consumer, leases, reading, pace: options, clock, random, logger },
      streamArnOf: (streamLabel) => withStreamLabel(this.#streamArn, streamLabel),
      conditionOf: (held) => leaseCondition(coordinationTableName, fleet, held),
      mayWork: () => this.#member.mayWork(),
      onChange: () => this.#member.noteChange(),
      onFinished: (lease) => this.#lateChildren.watch(lease),
      onNoChildren: () => this.#discovery.hurry(),
    }
    this.#runs = new ShardRuns(setting, (id) => this.#member.leaseLost(id))
    this.#member = new FleetMember({
      ...{ fleet, leases, work: this.#runs, leaseDurationMs, clock, random, logger, host: workerName },
      members: new DynamoDBMemberTable(coordination),
    })
    this.#lateChildren = new LateChildren({
      ...{ leases, reading, clock, signal: this.#stopping.signal, streamArnOf: setting.streamArnOf },
      onCreated: () => this.#member.noteChange(),
      onTrouble: (error) => logger.warn('late children of a shard could not be looked for', { ...fleet, error }),
    })
    this.#discovery = new Discovery({
      ...{ fleet, leases, reading, startAt, clock, random, logger, signal: this.#stopping.signal },
      latestStream: () => latestStreamArn(dynamodb, tableName),
      isDiscoverer: () => this.#member.isDiscoverer,
      memberIds: () => this.#member.members.map(({ id }) => id),
      onCreated: () => this.#member.noteChange(),
    })
  }

  /** Resolves when this worker has its share of the shards, and reads them. Rejects with nothing left running. */
  start(): Promise<void> {
    return (this.#started ??= this.#start().catch(async (error: unknown) => {
      await this.#leave()
      throw error
    }))
  }

  /** Hands over all shards and leaves the fleet. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#started?.catch(() => undefined) // told to whoever called start
    await this.#leave()
  }

  status(): FleetStatus {
    const { clock } = this.#options
    return fleetStatus(
      { consumer: this.#consumer.name, tableName: this.#tableName },
      this.#member,
      this.#runs,
      this.#streamArn,
      clock,
    )
  }

  async #start(): Promise<void> {
    const { dynamodb } = this.#options
    const stream = await this.#waitedFor(() => latestStreamArn(dynamodb, this.#tableName))
    this.#streamArn = stream?.streamArn ?? ''
    if (stream?.viewType !== undefined) this.#consumer.assertCarriedBy(stream.viewType, this.#tableName)
    // Before it joins: the leases of the first listing are there when the first plan is made.
    await this.#waitedFor(() => this.#discovery.bootstrap())
    await this.#member.start()
    this.#discovering = this.#discovery.run()
    await this.#runs.opened()
    if (this.#options.startAt === 'LATEST') await this.#allOpened()
  }

  /** The promise of LATEST is of the whole fleet: others may still be about to open the shards that they have taken. */
  async #allOpened(): Promise<void> {
    const { signal } = this.#stopping
    const isUnopened = ({ startAt, readAt, checkpoint }: Lease) =>
      startAt === 'LATEST' && readAt === undefined && !hasPlace(checkpoint)
    for (;;) {
      const leases = await this.#waitedFor(() => this.#leases.list())
      if (signal.aborted || !leases.some(isUnopened)) return
      // While the fleet is paused nobody opens anything: that may last, and each look costs a read of all leases.
      await this.#options.clock.sleep(this.#member.pause === undefined ? openedPollMs : pausedPollMs, signal)
    }
  }

  /** A service that is throttled or away is waited for, as it would be an hour later; what somebody has to mend is thrown. */
  async #waitedFor<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const { clock, random, logger } = this.#options
    const { signal } = this.#stopping
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call()
      } catch (error) {
        const passes = isTransientAwsError(error) || (isTidemarkError(error) && error.retryable)
        if (!passes || signal.aborted) throw error
        if (attempt === 1) logger.warn('the worker can not start yet; trying on', { table: this.#tableName, error })
        await clock.sleep(retryDelayMs(startPolicy, attempt, random), signal)
      }
    }
  }

  async #leave(): Promise<void> {
    this.#stopping.abort()
    await this.#member.stop()
    await this.#discovering
    await this.#lateChildren.ended()
  }
}
