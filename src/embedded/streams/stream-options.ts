import { integer, reject } from '../../internal/validate.ts'

/** How streams behave. All of it can be changed while they are in use. */
export interface StreamOptions {
  /** How many shards a new stream has. */
  readonly initialShardCount: number
  /** A shard is closed after this time and one child goes on for it, as on the service. `Infinity`: never. */
  readonly rollEveryMs: number
  /** A shard with the widest range is split in two each time this has passed. `Infinity`: never. */
  readonly splitEveryMs: number
  /** How long a record can be read. */
  readonly retentionMs: number
  /** How long DescribeStream goes on to show a closed shard of which all records are gone. */
  readonly trimmedShardLingerMs: number
  /** DescribeStream learns up to this much later that a shard was opened or closed. */
  readonly listingLagMs: number
  /** How probable it is that GetRecords returns nothing, with an iterator that moved on, whether or not records follow. */
  readonly emptyPageChance: number
  /** Refuses more than 5 GetRecords per second and shard, and more than 10 DescribeStream per second. */
  readonly enforceReadLimits: boolean
}

const hour = 3_600_000

export const defaultStreamOptions: StreamOptions = {
  initialShardCount: 1,
  rollEveryMs: 4 * hour,
  splitEveryMs: Infinity,
  retentionMs: 24 * hour,
  trimmedShardLingerMs: hour,
  listingLagMs: 0,
  emptyPageChance: 0,
  enforceReadLimits: false,
}

/** Options with what is given changed; a `ConfigurationError` for what can't be. */
export function changeStreamOptions(options: StreamOptions, given: Partial<StreamOptions>): StreamOptions {
  const merged = { ...options, ...given }
  integer('initialShardCount', merged.initialShardCount, 1, 10_000)
  duration('rollEveryMs', merged.rollEveryMs, 1)
  duration('splitEveryMs', merged.splitEveryMs, 1)
  duration('retentionMs', merged.retentionMs, 1)
  duration('trimmedShardLingerMs', merged.trimmedShardLingerMs, 0)
  duration('listingLagMs', merged.listingLagMs, 0)
  if (!(merged.emptyPageChance >= 0 && merged.emptyPageChance < 1))
    reject('emptyPageChance', 'a number from 0 to below 1', merged.emptyPageChance)
  return merged
}

function duration(name: string, value: number, min: number): void {
  if (!(value >= min)) reject(name, `milliseconds, ${min} or more`, value)
}
