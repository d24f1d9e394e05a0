import { ConfigurationError } from '../errors.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemRandom } from '../internal/system.ts'
import { knownNames, pattern, shape } from '../internal/validate.ts'
import type { StreamOptions } from './streams/stream-options.ts'
import type { DatabaseFaults } from './table/faults.ts'

/** Options of {@link createEmbeddedDynamoDB}. */
export interface EmbeddedDynamoDBOptions {
  /** What it is in ARNs and records, and what the clients of `listen` are configured with. @default 'local' */
  readonly region?: string
  /** What it is in ARNs: 12 digits. @default '000000000000' */
  readonly accountId?: string
  /** How streams behave: how many shards, when they roll and split, how long records last, what readers are refused. */
  readonly streams?: Partial<StreamOptions>
  /** What goes wrong on purpose. It is looked at anew for every request, so a test can change the object meanwhile. */
  readonly faults?: DatabaseFaults
  /**
   * A file that the whole state is kept in, made when it does not exist: tables, items, streams with their records, tokens
   * of transactions. For one engine at a time. It is written anew (to a file beside it, which then takes its name) within
   * a second of a change and by `close`, so a process that is killed loses what it did in its last second at most and
   * never leaves half a file. Writing takes time in proportion to all there is: meant for development, up to some
   * hundred megabytes. @default none: memory only
   */
  readonly persistTo?: string
  /** Told of every stream in which there is something new to read. It must not call back. */
  readonly onStreamChange?: (streamArn: string) => void
  readonly clock?: Clock
  readonly random?: Random
}

/** The options with every default in its place. */
export interface ResolvedEmbeddedOptions {
  readonly region: string
  readonly accountId: string
  readonly streams: Partial<StreamOptions>
  readonly faults: DatabaseFaults
  readonly persistTo: string | undefined
  readonly onStreamChange: ((streamArn: string) => void) | undefined
  readonly clock: Clock
  readonly random: Random
}

const names = ['region', 'accountId', 'streams', 'faults', 'persistTo', 'onStreamChange', 'clock', 'random']

/** Checks the options and fills in the defaults. @throws ConfigurationError */
export function resolveEmbeddedOptions(options: EmbeddedDynamoDBOptions): ResolvedEmbeddedOptions {
  shape('options', options)
  knownNames('options', options, names)
  const { region = 'local', accountId = '000000000000', persistTo } = options
  if (persistTo === '') throw new ConfigurationError('persistTo must be the path of a file; got an empty one')
  return {
    region: pattern('region', region, /^[a-z0-9-]+$/, 'the name of a region'),
    accountId: pattern('accountId', accountId, /^\d{12}$/, '12 digits'),
    streams: options.streams ?? {},
    faults: options.faults ?? {},
    persistTo,
    onStreamChange: options.onStreamChange,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
}
