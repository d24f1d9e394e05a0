import { ConfigurationError } from '../errors.ts'
import { withStreamLabel } from '../record/stream-arn.ts'
import type { Logger } from '../telemetry/log.ts'
import type { FleetName, StreamStart } from './coordination.ts'
import type { StartPosition } from './lease.ts'
import { passOverStream, type StreamPass, type StreamPassSetting } from './stream-pass.ts'

/** The stream that a table has, or had last. */
export interface LatestStream {
  readonly streamArn: string
  readonly streamLabel: string
  readonly enabled: boolean
}

/** What following a table's streams needs. */
export interface StreamSuccessionOptions extends StreamPassSetting {
  readonly fleet: FleetName
  /** `undefined` when the table has never had a stream. */
  readonly latestStream: () => Promise<LatestStream | undefined>
  /** Where the fleet starts in the first stream it ever consumes. Later streams are consumed from their beginning. */
  readonly startAt: StartPosition
  readonly logger: Logger
}

/**
 * A table's streams, one after the other.
 *
 *     stream unknown ── noteStart ──▶ noted ── all earlier streams are drained, leases created ──▶ complete
 *
 * A stream is noted as soon as it is seen, so that it is consumed even if the table has another by the time its turn comes.
 * It is drained when it is disabled (or gone) and a look at all of it finds nothing without a lease, nor a lease. Each step
 * can be done by two at once, or be begun by one who dies and taken up by another: all say what is the case, and each
 * creates only what is not there.
 */
export class StreamSuccession {
  readonly #options: StreamSuccessionOptions
  /** By stream label. It only ever grows, and by what stays true. */
  readonly #finished = new Map<string, Set<string>>()
  // Also while a pass is under way.
  #hasFailed = false

  constructor(options: StreamSuccessionOptions) {
    this.#options = options
  }

  /**
   * Looks whether there is a new stream and starts the one whose turn it is; `isFull`: looks also whether the current one
   * lacks leases. The last pass over a stream, when there was one; whether another stream waits for the end of this one.
   */
  async look(isFull: boolean): Promise<{ readonly pass: StreamPass | undefined; readonly isAwaited: boolean }> {
    const { leases, latestStream, fleet } = this.#options
    const latest = await latestStream()
    const starts = await this.#noted(latest, await leases.starts())
    if (starts.length === 0)
      throw new ConfigurationError(
        `table '${fleet.tableName}' has no stream, so there is nothing to consume: enable one with UpdateTable, ` +
          `StreamSpecification { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }`,
      )
    return latest === undefined ? { pass: undefined, isAwaited: false } : await this.#follow(latest, starts, isFull)
  }

  /** Notes the stream when it is new; all starts, oldest first. */
  async #noted(latest: LatestStream | undefined, starts: readonly StreamStart[]): Promise<readonly StreamStart[]> {
    const { leases, startAt, logger, fleet } = this.#options
    if (latest === undefined || starts.some(({ streamLabel }) => streamLabel === latest.streamLabel)) return starts
    const { streamLabel } = latest
    const start = { streamLabel, startAt: starts.length === 0 ? startAt : 'TRIM_HORIZON', complete: false } as const
    const noted = await leases.noteStart(start)
    logger.info('a stream is to be consumed', { ...fleet, streamLabel, startAt: noted.startAt })
    // Read anew: while this was on its way, another may have begun with a stream that came after it.
    return leases.starts()
  }

  async #follow(latest: LatestStream, starts: readonly StreamStart[], isFull: boolean) {
    const complete = starts.findLastIndex((start) => start.complete)
    const current = starts[complete]
    const following = await this.#following(starts.slice(complete + 1))
    if (current !== undefined && (isFull || following !== undefined)) {
      const pass = await this.#pass(latest.streamArn, current)
      if (following === undefined || !isDrained(pass)) return { pass, isAwaited: following !== undefined }
    }
    return { pass: following === undefined ? undefined : await this.#start(latest, following), isAwaited: false }
  }

  /**
   * The one whose turn it is. A stream that was noted after a later one was begun is not consumed: its changes would follow newer
   * ones. A later one is begun once it has a lease, which anybody may have, though its start be not complete.
   */
  async #following(waiting: readonly StreamStart[]): Promise<StreamStart | undefined> {
    if (waiting.length < 2) return waiting[0]
    const begun = new Set((await this.#options.leases.list()).map(({ streamLabel }) => streamLabel))
    return waiting.findLast(({ streamLabel }) => begun.has(streamLabel)) ?? waiting[0]
  }

  async #start(latest: LatestStream, start: StreamStart): Promise<StreamPass> {
    const { leases, logger, fleet } = this.#options
    const pass = await this.#pass(latest.streamArn, start)
    if (!pass.complete) return pass
    if (pass.status === undefined && latest.enabled && latest.streamLabel === start.streamLabel)
      throw new ConfigurationError(
        `table '${fleet.tableName}' has the stream ${latest.streamArn}, and DynamoDB Streams does not know it: ` +
          `give the clients 'dynamodb' and 'streams' the same region, endpoint and account`,
      )
    // Only now: from here on, shards without a lease are taken for new ones.
    await leases.completeStart(start.streamLabel)
    logger.info('a stream is being consumed', { ...fleet, streamLabel: start.streamLabel, leaseCount: pass.leaseCount })
    return pass
  }

  async #pass(latestArn: string, start: StreamStart): Promise<StreamPass> {
    const { streamLabel } = start
    const finished = this.#finished.get(streamLabel) ?? new Set<string>()
    this.#finished.set(streamLabel, finished)
    const isAgain = this.#hasFailed
    this.#hasFailed = true
    const pass = await passOverStream(this.#options, withStreamLabel(latestArn, streamLabel), start, finished)
    this.#hasFailed = false
    // What a pass that failed has sent may have arrived since, and look like any other lease: told, somebody takes it.
    if (isAgain) this.#options.onCreated()
    return pass
  }
}

function isDrained({ complete, status, leaseCount }: StreamPass): boolean {
  return complete && leaseCount === 0 && (status === undefined || status === 'DISABLED')
}
