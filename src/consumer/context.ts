import type { HandlerContext, LeaseContext } from '../handler/handler.ts'
import { withFields, type Logger } from '../telemetry/log.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { Work } from './work.ts'

/** The context of one attempt. The key and the log are made when first asked for: most handlers want neither. */
export class Context implements HandlerContext<unknown> {
  readonly attempt: number
  readonly signal: AbortSignal
  readonly transaction: unknown
  readonly lease: LeaseContext | undefined
  readonly #options: ResolvedOptions
  readonly #work: Work
  #log: Logger | undefined

  constructor(
    options: ResolvedOptions,
    work: Work,
    attempt: number,
    signal: AbortSignal,
    transaction: unknown,
    lease: LeaseContext | undefined,
  ) {
    this.attempt = attempt
    this.signal = signal
    this.transaction = transaction
    this.lease = lease
    this.#options = options
    this.#work = work
  }

  get consumer(): string {
    return this.#options.name
  }

  get idempotencyKey(): string {
    return this.#work.idempotencyKey
  }

  get log(): Logger {
    return (this.#log ??= withFields(this.#options.logger, () => ({
      consumer: this.consumer,
      idempotencyKey: this.idempotencyKey,
      eventId: this.#work.eventId,
      sequenceNumber: this.#work.sequenceNumber,
    })))
  }
}
