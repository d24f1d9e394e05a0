import type { Clock, Random } from '../../internal/clock.ts'
import type { StreamOptions } from './stream-options.ts'

/** What all streams of a catalog share. */
export interface StreamWorld {
  readonly clock: Clock
  readonly random: Random
  readonly region: string
  readonly accountId: string
  /** As they are now: ask each time. */
  readonly options: () => StreamOptions
  /** Told whenever there is something new to read in a stream: a record, a shard, an end. */
  readonly onChange: ((streamArn: string) => void) | undefined
}
