import type { SettlementBook } from '../checkpoint/settlement.ts'
import { DeadlineError, UncertainOutcomeError } from '../errors.ts'
import { applySchemas } from '../handler/schema.ts'
import { judge, type GiveUpReason } from '../handler/verdict.ts'
import type { LaneStep, Lend } from '../lanes/lanes.ts'
import type { Claim, ClaimOutcome, LedgerSession } from '../ledger/ledger.ts'
import { publish, type RecordMessage } from '../telemetry/channels.ts'
import { Context } from './context.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Work } from './work.ts'

/** A record at which its lane stopped. */
export interface StoppedRecord {
  readonly position: number
  readonly reason: GiveUpReason
  /** How often the handler ran for it in this delivery. */
  readonly attempts: number
  readonly error: unknown
}

// Between two looks at a record that another owner is working on; each look costs a write unit and up to two requests.
const inProgressPollMs = 500

/**
 * The life of each record of one batch, from its lane to its settlement:
 *
 *     waiting ─ claim ─▶ duplicate                                     settled
 *                 │─▶ uncertain ─────────────────────▶ lane stops
 *                 └─▶ claimed ─ handler ─▶ completed ─ mark durable ─▶ settled as handled
 *                        ▲         │ failed
 *                        └─ wait ──┴─ given up ─ release ─▶ lane stops
 *
 * `signal` aborting, or the ledger failing, means that nothing more is started. A handler that outlives that goes on,
 * and if it succeeds its mark is still written, for the effect did happen; the closed book keeps it out of the answer.
 */
export class BatchRun {
  readonly stopped: StoppedRecord[] = []
  readonly #options: ResolvedOptions
  readonly #session: LedgerSession<unknown>
  readonly #book: SettlementBook
  readonly #signal: AbortSignal
  readonly #stragglers: ReadonlyMap<string, Promise<void>>
  // Identities being worked in this batch. Only a business id can be shared by two lanes.
  readonly #busy = new Map<string, Promise<unknown>>()
  #ledgerFailure: { readonly error: unknown } | undefined

  constructor(
    options: ResolvedOptions,
    session: LedgerSession<unknown>,
    book: SettlementBook,
    signal: AbortSignal,
    stragglers: ReadonlyMap<string, Promise<void>>,
  ) {
    this.#options = options
    this.#session = session
    this.#book = book
    this.#signal = signal
    this.#stragglers = stragglers
  }

  /** Works one record; never rejects. */
  work(work: Work, lend: Lend): Promise<LaneStep> {
    // What follows runs once a record, and is plain calls as far as nothing has to be waited for: an async function that
    // returns a promise costs more than the rest of the engine.
    return this.#stragglers.size === 0 ? this.#begin(work, lend) : this.#beginAfterStraggler(work, lend)
  }

  #begin(work: Work, lend: Lend): Promise<LaneStep> {
    if (this.#signal.aborted) return this.#stopped(work, 'systemic', 0, this.#signal.reason)
    if (this.#ledgerFailure !== undefined) return this.#stopped(work, 'systemic', 0, this.#ledgerFailure.error)
    if ('fault' in work.decoded) return this.#stopped(work, 'poison', 0, work.decoded.fault)
    return typeof this.#options.identity === 'function' ? this.#workAlone(work, lend) : this.#workClaimed(work, lend)
  }

  /** A handler of an earlier batch still runs for this item: two at once would break the item's order. */
  async #beginAfterStraggler(work: Work, lend: Lend): Promise<LaneStep> {
    const straggler = this.#stragglers.get(work.laneKey)
    if (straggler !== undefined) await lend(Promise.race([straggler, aborted(this.#signal)]))
    return this.#begin(work, lend)
  }

  /** Two records with one business id may sit in two lanes: the second waits until it is known how the first ended. */
  async #workAlone(work: Work, lend: Lend): Promise<LaneStep> {
    const key = work.idempotencyKey
    for (let other = this.#busy.get(key); other !== undefined; other = this.#busy.get(key)) await lend(other)
    const step = this.#workClaimed(work, lend)
    this.#busy.set(key, step)
    try {
      return await step
    } finally {
      this.#busy.delete(key)
    }
  }

  #workClaimed(work: Work, lend: Lend): Promise<LaneStep> {
    const answer = this.#session.claim(work)
    return answer instanceof Promise ? this.#awaitClaim(work, answer, lend) : this.#workGranted(work, answer, lend)
  }

  async #awaitClaim(work: Work, answer: Promise<ClaimOutcome<unknown>>, lend: Lend): Promise<LaneStep> {
    try {
      return await this.#workGranted(work, await answer, lend)
    } catch (error) {
      this.#ledgerFailure ??= { error }
      return this.#stop(work, 'systemic', 0, error)
    }
  }

  #workGranted(work: Work, outcome: ClaimOutcome<unknown>, lend: Lend): Promise<LaneStep> {
    switch (outcome.status) {
      case 'claimed':
        return this.#attempts(work, outcome.claim, lend)
      case 'completed':
        return Promise.resolve(this.#duplicate(work))
      case 'in-progress':
        return this.#askAgain(work, outcome.until, lend)
      case 'uncertain':
        return Promise.resolve(this.#uncertain(work, outcome.since, outcome.remedy))
    }
  }

  async #askAgain(work: Work, until: number, lend: Lend): Promise<LaneStep> {
    const { clock, random } = this.#options
    const pollMs = inProgressPollMs * (1 + random.next())
    await lend(clock.sleep(Math.max(1, Math.min(pollMs, until - clock.now())), this.#signal))
    if (this.#signal.aborted) return this.#stop(work, 'systemic', 0, this.#signal.reason)
    return this.#workClaimed(work, lend)
  }

  async #attempts(work: Work, claim: Claim<unknown>, lend: Lend): Promise<LaneStep> {
    const { retry, random, clock } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#invoke(work, claim, attempt)
      } catch (error) {
        const verdict = judge(error, attempt, this.#signal.aborted, retry, random)
        if (verdict.action === 'give-up') return this.#giveUp(work, claim, verdict.reason, attempt, error)
        const { delayMs } = verdict
        publish('tidemark:record:retry', () => ({ ...this.#about(work), attempt, delayMs, error }))
        await lend(clock.sleep(delayMs, this.#signal))
        if (this.#signal.aborted) return this.#giveUp(work, claim, 'systemic', attempt, error)
        continue
      }
      return this.#completed(work, claim, attempt)
    }
  }

  #invoke(work: Work, claim: Claim<unknown>, attempt: number): Promise<void> | void {
    if (!('record' in work.decoded)) return undefined
    const { schemas, handler } = this.#options
    const { record } = work.decoded
    const context = new Context(this.#options, work, attempt, this.#signal, claim.transaction)
    // The handler's types were checked where the consumer was made; here the record's type is no longer known.
    const run = (checked: unknown) => handler(checked as never, context as never)
    return schemas === undefined ? run(record) : applySchemas(record, schemas).then(run)
  }

  /**
   * The mark goes out behind the handlers, and only once it is durable is the record settled. Were it settled first, a
   * crash in between would let the source forget a record of which the ledger knows nothing.
   */
  #completed(work: Work, claim: Claim<unknown>, attempts: number): Promise<LaneStep> | LaneStep {
    const durable = this.#session.complete(claim)
    if (durable === undefined) {
      this.#settleHandled(work, attempts)
      return 'next'
    }
    const settled = durable.then(
      () => this.#settleHandled(work, attempts),
      (error: unknown) => this.#unrecorded(work, error),
    )
    // Nobody else will flush for a handler that outlived its batch.
    if (this.#signal.aborted) void this.#session.flush()
    return this.#session.laneWaits ? settled : 'next'
  }

  #settleHandled(work: Work, attempts: number): LaneStep {
    this.#book.settle(work.position, 'handled')
    publish('tidemark:record:handled', () => ({ ...this.#about(work), attempts }))
    return 'next'
  }

  #duplicate(work: Work): LaneStep {
    this.#book.settle(work.position, 'duplicate')
    publish('tidemark:record:duplicate', () => this.#about(work))
    return 'next'
  }

  #uncertain(work: Work, since: number, remedy: string): LaneStep {
    const message =
      `record ${work.eventId} was claimed at ${new Date(since).toISOString()} by an owner that never said how it ended; ` +
      `it is not run again (uncertain: 'park'). ${remedy}`
    const error = new UncertainOutcomeError(message, { idempotencyKey: work.idempotencyKey })
    return this.#stop(work, 'poison', 0, error)
  }

  async #giveUp(
    work: Work,
    claim: Claim<unknown>,
    reason: GiveUpReason,
    attempts: number,
    error: unknown,
  ): Promise<LaneStep> {
    try {
      // Before the host is answered: a claim still held would make the next delivery wait until it expires.
      await this.#session.release(claim)
    } catch (releaseError) {
      this.#options.logger.warn('a claim could not be given back; it expires by itself', {
        ...this.#about(work),
        error: releaseError,
      })
    }
    return this.#stop(work, reason, attempts, error)
  }

  /** The effect happened, but nothing says so: the record comes again, with the same idempotency key. */
  #unrecorded(work: Work, error: unknown): LaneStep {
    this.#ledgerFailure ??= { error }
    return this.#stop(work, 'systemic', 1, error)
  }

  #stopped(work: Work, reason: GiveUpReason, attempts: number, error: unknown): Promise<LaneStep> {
    return Promise.resolve(this.#stop(work, reason, attempts, error))
  }

  #stop(work: Work, reason: GiveUpReason, attempts: number, error: unknown): LaneStep {
    const { name, logger } = this.#options
    this.stopped.push({ position: work.position, reason, attempts, error })
    const { laneKey, sequenceNumber, eventId } = work
    publish('tidemark:lane:stopped', () => ({ consumer: name, laneKey, sequenceNumber, reason, attempts, error }))
    if (error instanceof DeadlineError) return 'stop' // said once for the whole batch
    const fields = { consumer: name, laneKey, sequenceNumber, eventId, attempts, error }
    if (reason === 'poison') logger.error('a record failed for good; its lane stops here', fields)
    else logger.warn('a record could not be settled; its lane stops until the next delivery', fields)
    return 'stop'
  }

  #about(work: Work): RecordMessage {
    const { eventId, sequenceNumber, idempotencyKey, location } = work
    return {
      consumer: this.#options.name,
      streamArn: location.stream.streamArn,
      eventId,
      sequenceNumber,
      idempotencyKey,
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
