import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { TidemarkError } from '../../errors.ts'
import { retryDelayMs } from '../../handler/retry-policy.ts'
import {
  cancellationCodes,
  classifyAwsError,
  isTransientAwsError,
  type AwsErrorKind,
} from '../../internal/aws-error.ts'
import type { Clock, Random } from '../../internal/clock.ts'

/** The part of the SDK's client that is used: anything that takes its commands will do. */
export type DynamoDBSender = Pick<DynamoDBClient, 'send'>

/** One request; it heeds the signal, so that a connection on which nothing comes back is closed. */
export type Request<Result> = (
  client: DynamoDBSender,
  options: { readonly abortSignal: AbortSignal },
) => Promise<Result>

/** For how long requests are tried, and as what their failure is told. */
export interface SendingRules {
  readonly maxAttempts: number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  /**
   * Milliseconds for all tries of one request, the waits between them included. A try without an answer is given up after
   * half of it, which leaves time for another, on another connection: a client of the SDK waits for ever by itself.
   * Absent where whoever waits has a deadline of its own.
   */
  readonly forMs?: number
  /** What is read and written, for the message: `the ledger`. */
  readonly what: string
  /** The actions to allow where access is denied. */
  readonly actions: string
  /** What to do about a kind of error, where that is not what it is for a table of ours. */
  readonly remedies?: { readonly [Kind in AwsErrorKind]?: string }
  readonly failure: (message: string, options: ErrorOptions & { readonly retryable: boolean }) => TidemarkError
}

/** Sends requests to one table; what passes by itself (throttling, network, conflicts) is tried again, with full jitter. */
export class TableSender {
  readonly tableName: string
  readonly #client: DynamoDBSender
  readonly #clock: Clock
  readonly #random: Random
  readonly #rules: SendingRules

  constructor(client: DynamoDBSender, tableName: string, clock: Clock, random: Random, rules: SendingRules) {
    this.#client = client
    this.tableName = tableName
    this.#clock = clock
    this.#random = random
    this.#rules = rules
  }

  /**
   * Sends a request that may safely be sent again: one without a condition, or one whose condition tells its own earlier
   * success apart. A condition that failed, of a single write or of a transaction, is an answer and is thrown as it came;
   * anything else that trying again can't help, or has not helped, is thrown as the rules' failure.
   */
  async send<Result>(verb: 'read' | 'write', request: Request<Result>): Promise<Result> {
    const giveUpAt = this.#clock.monotonic() + (this.#rules.forMs ?? Infinity)
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#answer(request, giveUpAt)
      } catch (error) {
        if (isRefusal(error)) throw error
        if (!isTransientAwsError(error) || attempt >= this.#rules.maxAttempts) throw this.#failure(verb, error)
        const delayMs = retryDelayMs(this.#rules, attempt, this.#random)
        if (this.#clock.monotonic() + delayMs >= giveUpAt) throw this.#failure(verb, error)
        await this.#clock.sleep(delayMs)
      }
    }
  }

  /** Sends a request once; what comes of it is thrown as it came. Given up without an answer, it throws a `TimeoutError`. */
  sendOnce<Result>(request: Request<Result>): Promise<Result> {
    return this.#answer(request, Infinity)
  }

  /** Waits for what DynamoDB left over of a batch, or fails when it has done so too often. */
  async waitForRest(verb: 'read' | 'write', count: number, attempt: number): Promise<void> {
    if (attempt >= this.#rules.maxAttempts)
      throw this.#rules.failure(
        `could not ${verb} ${count} rows of table '${this.tableName}': DynamoDB left them over ${attempt} times; ` +
          `the table is short of capacity`,
        { retryable: true },
      )
    await this.#clock.sleep(retryDelayMs(this.#rules, attempt, this.#random))
  }

  async #answer<Result>(request: Request<Result>, giveUpAt: number): Promise<Result> {
    const controller = new AbortController()
    const answer = request(this.#client, { abortSignal: controller.signal })
    const { forMs } = this.#rules
    if (forMs === undefined) return answer
    const waitMs = Math.max(1, Math.min(forMs / 2, giveUpAt - this.#clock.monotonic()))
    let cancel = () => {}
    const silence = new Promise<never>((_resolve, reject) => {
      cancel = this.#clock.schedule(waitMs, () => {
        // Rejected before it is aborted: the client's own AbortError, which nothing says is transient, comes second.
        reject(
          Object.assign(new Error(`no answer within ${Math.round(waitMs)} ms, the wait for a socket included`), {
            name: 'TimeoutError',
          }),
        )
        controller.abort()
      })
    })
    try {
      return await Promise.race([answer, silence])
    } finally {
      cancel()
    }
  }

  #failure(verb: 'read' | 'write', error: unknown): TidemarkError {
    const said = error instanceof Error ? error.message : String(error)
    const kind = classifyAwsError(error)
    const advice = this.#rules.remedies?.[kind] ?? adviceFor(kind, this.tableName, this.#rules.actions)
    return this.#rules.failure(`could not ${verb} ${this.#rules.what} in table '${this.tableName}': ${said}${advice}`, {
      cause: error,
      retryable: isTransientAwsError(error),
    })
  }
}

function isRefusal(error: unknown): boolean {
  const kind = classifyAwsError(error)
  if (kind === 'conditional-check-failed') return true
  // A condition seen false beside a conflict may be false only for as long as the other transaction runs: try again.
  if (kind !== 'transaction-canceled' || isTransientAwsError(error)) return false
  return cancellationCodes(error).includes('ConditionalCheckFailed')
}

function adviceFor(kind: AwsErrorKind, tableName: string, actions: string): string {
  switch (kind) {
    case 'resource-not-found':
      return `; create the table with createTidemarkTable({ client, tableName: '${tableName}' }), in the client's region`
    case 'access-denied':
      return `; allow ${actions} on it`
    case 'credentials':
      return '; check the credentials and the region of the client'
    case 'validation':
      return '; the table needs the key schema pk (string, HASH), sk (string, RANGE), as createTidemarkTable makes it'
    case 'throttled':
      return '; the table is short of capacity'
    default:
      return ''
  }
}
