/** How unreliable the network and the service are; every probability is of one call. */
export interface NetworkFaults {
  /** The request never arrives. */
  readonly requestLost: number
  /** It is applied, and nobody hears of it. */
  readonly replyLost: number
  /** It arrives twice. */
  readonly duplicated: number
  /** It arrives long after its sender has given up waiting. */
  readonly late: number
  readonly throttled: number
  /** Part of a batch is left over. */
  readonly leftOver: number
  /** Longest way in one direction, in milliseconds. */
  readonly delayMs: number
  /** Times in which the whole service answers with errors, from and to, in milliseconds since the beginning. */
  readonly outages: readonly (readonly [number, number])[]
}

/** A network as it should be. */
export function perfectNetwork(delayMs: number): NetworkFaults {
  return { requestLost: 0, replyLost: 0, duplicated: 0, late: 0, throttled: 0, leftOver: 0, delayMs, outages: [] }
}
