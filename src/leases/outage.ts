import { CoordinationError } from '../errors.ts'
import type { Clock } from '../internal/clock.ts'
import type { Logger } from '../telemetry/log.ts'

/**
 * Says once when the coordination table stops answering, and once when it answers again, however many requests fail in
 * between. An outage begins with the first kind of request that fails and is over when every kind that failed has succeeded.
 */
export class Outage {
  readonly #logger: Logger
  readonly #failing = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** A request of this kind failed. */
  failed(kind: string, error: unknown): void {
    if (this.#failing.size === 0) this.#logger.error('the coordination table does not answer', { kind, error })
    this.#failing.add(kind)
  }

  /** A request of this kind succeeded. */
  answered(kind: string): void {
    if (this.#failing.delete(kind) && this.#failing.size === 0)
      this.#logger.info('the coordination table answers again')
  }
}

/**
 * The reply, or a `CoordinationError` when there is none after `limitMs`: a connection that is half open can keep a request
 * for a quarter of an hour. What was sent may still be applied.
 */
export function inTime<Reply>(clock: Clock, limitMs: number, request: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(limitMs, () =>
      reject(new CoordinationError(`the coordination table did not reply within ${limitMs} ms`, { retryable: true })),
    )
    void request.finally(cancel).then(resolve, reject)
  })
}
