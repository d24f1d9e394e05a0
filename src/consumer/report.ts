import { CircuitOpenError, DeadlineError, LeaseLostError } from '../errors.ts'
import type { GiveUpReason } from '../handler/verdict.ts'
import { publish, type RecordMessage } from '../telemetry/channels.ts'
import type { Failing } from './parker.ts'
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

/** Tells what becomes of a batch's records: on the diagnostics channels, in the log, and to the host at the end. */
export class Report {
  readonly stopped: StoppedRecord[] = []
  readonly #options: ResolvedOptions

  constructor(options: ResolvedOptions) {
    this.#options = options
  }

  handled(work: Work, attempts: number): void {
    publish('tidemark:record:handled', () => ({ ...this.#about(work), attempts }))
  }

  duplicate(work: Work): void {
    publish('tidemark:record:duplicate', () => this.#about(work))
  }

  superseded(work: Work): void {
    publish('tidemark:record:superseded', () => this.#about(work))
  }

  retry(work: Work, attempt: number, delayMs: number, error: unknown): void {
    publish('tidemark:record:retry', () => ({ ...this.#about(work), attempt, delayMs, error }))
  }

  /** The record is in the parking lot: for its own sake, or (`failing` absent) behind another of its lane. */
  parked(work: Work, failing: Failing | undefined): void {
    const { laneKey } = work
    const { attempts = 0, error } = failing ?? {}
    const queued = failing === undefined
    publish('tidemark:record:parked', () => ({ ...this.#about(work), laneKey, queued, attempts, error }))
    if (queued) return // told once, with the record that they wait behind
    const fields = { ...this.#about(work), laneKey, attempts, error }
    this.#options.logger.error('a record failed for good; it is parked, and so is what follows of its item', fields)
  }

  stop(work: Work, stopped: Omit<StoppedRecord, 'position'>): void {
    const { name, logger } = this.#options
    const { position, laneKey, sequenceNumber, eventId } = work
    this.stopped.push({ position, ...stopped })
    publish('tidemark:lane:stopped', () => ({ consumer: name, laneKey, sequenceNumber, ...stopped }))
    const { reason, attempts, error } = stopped
    // The same for every lane of the batch: nothing to look into.
    if (error instanceof DeadlineError || error instanceof LeaseLostError || error instanceof CircuitOpenError) return
    const fields = { consumer: name, laneKey, sequenceNumber, eventId, attempts, error }
    if (reason === 'poison') logger.error('a record failed for good; its lane stops here', fields)
    else logger.warn('a record could not be settled; its lane stops until the next delivery', fields)
  }

  /** What was said of the record at which a lane stopped; it is said only once. */
  takeStopped(position: number): StoppedRecord | undefined {
    const index = this.stopped.findIndex((stopped) => stopped.position === position)
    return index < 0 ? undefined : this.stopped.splice(index, 1)[0]
  }

  claimKept(work: Work, error: unknown): void {
    const fields = { ...this.#about(work), error }
    this.#options.logger.warn('a claim could not be given back; the record waits until it expires', fields)
  }

  #about({ eventId, sequenceNumber, idempotencyKey, location }: Work): RecordMessage {
    const { streamArn } = location.stream
    return { consumer: this.#options.name, streamArn, eventId, sequenceNumber, idempotencyKey }
  }
}
