/** A part of a shard that the stream had forgotten before it could be read. */
export interface StreamGap {
  readonly shardId: string
  /** The last sequence number read before the gap; absent when nothing of the shard had been read. */
  readonly after?: string
  /** The first sequence number read after it; absent while nothing has been, or when the whole shard was gone. */
  readonly before?: string
}

/** What a mapping has done since it was made, under the names of Lambda's own metrics where it has them. */
export interface MappingStatistics {
  /** Records read from the stream. */
  readonly polledEventCount: number
  /** Records that no filter matched: passed over, never delivered. */
  readonly filteredOutEventCount: number
  /** Records handed to the function; each delivery counts. */
  readonly invokedEventCount: number
  /** Records of invocations that left them unsettled; each such delivery counts. */
  readonly failedInvokeEventCount: number
  /** Records given up without a destination to take them. */
  readonly droppedEventCount: number
  /** Records given up that the destination took. */
  readonly onFailureDestinationDeliveredEventCount: number
  readonly invocationCount: number
  /** Invocations that threw or timed out, or whose answer could not be serialised. */
  readonly functionErrorCount: number
  /** Failed writes to the destination; each is tried again. */
  readonly destinationErrorCount: number
  /** Failed calls to the stream other than those that mean something; each is tried again. */
  readonly streamErrorCount: number
  /** Lost data. Lambda goes on without a word; here it is counted. */
  readonly gaps: readonly StreamGap[]
  /** The last error of the function, the destination or the stream. */
  readonly lastError: unknown
}

/** What {@link MappingStatistics} is kept in. */
export type Tally = { -readonly [Name in keyof MappingStatistics]: MappingStatistics[Name] }

export function emptyTally(): Tally {
  return {
    polledEventCount: 0,
    filteredOutEventCount: 0,
    invokedEventCount: 0,
    failedInvokeEventCount: 0,
    droppedEventCount: 0,
    onFailureDestinationDeliveredEventCount: 0,
    invocationCount: 0,
    functionErrorCount: 0,
    destinationErrorCount: 0,
    streamErrorCount: 0,
    gaps: [],
    lastError: undefined,
  }
}
