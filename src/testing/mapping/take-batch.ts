/** What bounds a batch. */
export interface BatchLimits {
  readonly batchSize: number
  /** Bytes that the records of one event may take together. */
  readonly payloadBytes: number
}

/** How many records from the front make the next batch, and whether that batch can't grow any more. */
export interface Taken {
  readonly count: number
  readonly full: boolean
}

/** The longest batch from the front of `waiting` that keeps the limits. A record that is alone too large goes alone. */
export function takeBatch(waiting: readonly { readonly bytes: number }[], limits: BatchLimits): Taken {
  let bytes = 0
  for (const [count, record] of waiting.entries()) {
    bytes += record.bytes + 1 // the comma
    if (count === limits.batchSize || (count > 0 && bytes > limits.payloadBytes)) return { count, full: true }
  }
  return { count: waiting.length, full: waiting.length === limits.batchSize || bytes > limits.payloadBytes }
}
