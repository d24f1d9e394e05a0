import { retryDelayMs } from '../handler/retry-policy.ts'
import type { Random } from '../internal/clock.ts'
import { Nap } from '../internal/nap.ts'
import type { StreamPass } from './stream-pass.ts'
import { StreamSuccession, type StreamSuccessionOptions } from './stream-succession.ts'

/** What discovery works with. */
export interface DiscoveryOptions extends StreamSuccessionOptions {
  readonly random: Random
  /** Whether this member is the one to look; asked each second. Two at once cost calls and do no harm. */
  readonly isDiscoverer: () => boolean
  /** The fleet's members as last read. One that has gone may have finished shards of which not all children were listed. */
  readonly memberIds?: () => readonly string[]
}

// A new stream is looked for each minute (DescribeTable), and all shards each ten minutes: shards' ends find their children
// by themselves, so the listing is for what they could not see.
const tableEveryMs = 60_000
const listingEveryMs = 600_000
// What was new may have been listed in part; a stream in between two states will soon be in the next.
const unsettledEveryMs = 5_000
const tickMs = 1_000
// After a member has gone, or this one has become the discoverer: by then a listing shows what it hid from that one, or from the
// start of the fleet. At LATEST a shard can be listed that nothing leads to, later than the shards that were begun with.
const looksAgainAfterMs = [5_000, 30_000]
const backoff = { baseDelayMs: 1_000, maxDelayMs: 60_000 }

/**
 * Keeps the leases of a fleet complete: starts its streams, one after the other, and creates leases for shards that no
 * shard's end creates them for. This is when; what is done is `StreamSuccession`'s.
 */
export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #streams: StreamSuccession
  readonly #nap: Nap
  #tableDueAt = -Infinity
  #listingDueAt = -Infinity
  #notBefore = -Infinity
  #isHurried = false
  #memberIds: ReadonlySet<string> = new Set()
  #looksDueAt: readonly number[] = []
  #wasDiscoverer = false
  #failureCount = 0

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#streams = new StreamSuccession(options)
    this.#nap = new Nap(options.clock, options.signal)
  }

  /**
   * Sees to it that the fleet has a stream whose start is complete, unless it has had one already. For every worker, before
   * it takes leases; throws what keeps it from that, a `ConfigurationError` when the table has no stream.
   */
  async bootstrap(): Promise<void> {
    const starts = await this.#options.leases.starts()
    if (!starts.some(({ complete }) => complete)) await this.#look(true)
  }

  /** Looks, when this member is the discoverer, until the signal aborts. Never rejects; trouble is logged once an outage. */
  async run(): Promise<void> {
    const { signal, clock } = this.#options
    while (!signal.aborted) {
      if (this.#isDue(clock.monotonic())) await this.#lookInPeace()
      else await this.#nap.sleep(tickMs)
    }
  }

  /**
   * Looks at everything at once, discoverer or not: a shard ended without children, so there may be another stream, or
   * shards that hang by nothing. Many of these within a second are one.
   */
  hurry(): void {
    this.#isHurried = true
    this.#nap.wake()
  }

  #isDue(now: number): boolean {
    const isDiscoverer = this.#options.isDiscoverer()
    this.#noteLosses(now)
    if (isDiscoverer && this.#looksDueAt.some((dueAt) => dueAt <= now)) this.#isHurried = true
    this.#looksDueAt = this.#looksDueAt.filter((dueAt) => dueAt > now)
    // What the one before has seen and left undone is not known: begin with everything.
    if (isDiscoverer && !this.#wasDiscoverer) {
      this.#isHurried = true
      this.#looksDueAt = looksAgainAfterMs.map((ms) => now + ms)
    }
    this.#wasDiscoverer = isDiscoverer
    if (now < this.#notBefore) return false
    return this.#isHurried || (isDiscoverer && now >= Math.min(this.#tableDueAt, this.#listingDueAt))
  }

  #noteLosses(now: number): void {
    const ids = new Set(this.#options.memberIds?.())
    const hasLost = [...this.#memberIds].some((id) => !ids.has(id))
    if (hasLost) this.#looksDueAt = looksAgainAfterMs.map((ms) => now + ms)
    this.#memberIds = ids
  }

  async #lookInPeace(): Promise<void> {
    const { clock, random, logger, fleet } = this.#options
    const isFull = this.#isHurried || clock.monotonic() >= this.#listingDueAt
    this.#isHurried = false // before the look: a hurry during it asks for what it may have missed
    try {
      await this.#look(isFull)
      if (this.#failureCount > 0) logger.info('shards are discovered again', { ...fleet })
      this.#failureCount = 0
      this.#notBefore = clock.monotonic() + tickMs
    } catch (error) {
      this.#isHurried ||= isFull
      this.#failureCount += 1
      if (this.#failureCount === 1) logger.warn('shards can not be discovered; trying on', { ...fleet, error })
      this.#notBefore = clock.monotonic() + tickMs + retryDelayMs(backoff, this.#failureCount, random)
    }
  }

  async #look(isFull: boolean): Promise<void> {
    const { clock } = this.#options
    const { pass, isAwaited } = await this.#streams.look(isFull)
    const nextMs = pass === undefined ? tableEveryMs : untilNextMs(pass, isAwaited)
    this.#tableDueAt = clock.monotonic() + Math.min(nextMs, tableEveryMs)
    if (pass !== undefined) this.#listingDueAt = clock.monotonic() + nextMs
  }
}

function untilNextMs({ complete, status, createdCount, leaseCount }: StreamPass, isAwaited: boolean): number {
  const isInBetween = status === 'ENABLING' || status === 'DISABLING' || (status === 'ENABLED' && leaseCount === 0)
  if (!complete || isInBetween) return unsettledEveryMs
  return createdCount > 0 || isAwaited ? tableEveryMs : listingEveryMs
}
