import { applySchemas } from '../handler/schema.ts'
import { isThenable } from '../internal/thenable.ts'
import type { Claim } from '../ledger/ledger.ts'
import type { BatchSetting } from './batch-setting.ts'
import { Context } from './context.ts'
import type { Work } from './work.ts'

/**
 * The runs of the handler for one batch's records: behind the schemas, inside of the ledger's transaction where there is one, and
 * only while this process may work.
 */
export class HandlerRuns {
  readonly #setting: BatchSetting

  constructor(setting: BatchSetting) {
    this.#setting = setting
  }

  /** One attempt at a record. What it returns, or throws, is the handler's, or says why it may not run. */
  run(work: Work, claim: Claim, attempt: number): unknown {
    const { schemas } = this.#setting.options
    const { record } = work
    if (schemas === undefined || record === undefined) return this.#runChecked(record, work, claim, attempt)
    this.#setting.assertMayRun?.()
    return applySchemas(record, schemas).then((checked) => {
      this.#setting.stopping.throwIfAborted() // a schema may take its time, and the batch's may be up meanwhile
      return this.#runChecked(checked, work, claim, attempt)
    })
  }

  #runChecked(record: unknown, work: Work, claim: Claim, attempt: number): unknown {
    const { session, signal, stopping } = this.#setting
    if (session.attempt === undefined) return this.#handle(record, work, attempt, undefined)
    let isRepeated = false
    const run = (transaction: unknown) => {
      signal.throwIfAborted() // that it has to be repeated may turn out after the time of the batch
      const handling = this.#handle(record, work, attempt, transaction)
      if (isRepeated && isThenable(handling)) return this.#noteRepeating(work, Promise.resolve(handling))
      isRepeated = true
      return handling
    }
    return session.attempt(claim, run, stopping)
  }

  /** Its lane may have gone on since it ran first, and tells nobody any more that a handler of the item is at work. */
  #noteRepeating({ laneKey }: Work, handling: Promise<unknown>): Promise<unknown> {
    const { repeating } = this.#setting
    if (repeating === undefined) return handling
    const over = () => {
      if (repeating.get(laneKey) === end) repeating.delete(laneKey)
    }
    const end: Promise<void> = handling.then(over, over)
    repeating.set(laneKey, end)
    return handling
  }

  #handle(record: unknown, work: Work, attempt: number, transaction: unknown): unknown {
    const { options, signal, lease } = this.#setting
    this.#setting.assertMayRun?.()
    const context = new Context(options, work, attempt, signal, transaction, lease)
    // The handler's types were checked where the consumer was made; here the record's type is no longer known.
    return options.handler(record as never, context as never)
  }
}
