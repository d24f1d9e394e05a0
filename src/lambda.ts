import { batchResponse, type BatchResponse } from './checkpoint/batch-response.ts'
import type { TimeLimits } from './consumer/batch-time.ts'
import type { Consumer } from './consumer/consumer.ts'
import { BatchIncompleteError } from './errors.ts'
import { integer, knownNames, optional, reject, shape } from './internal/validate.ts'
import { batchOfEvent, isWindowEvent, type LambdaStreamEvent } from './source/lambda-event.ts'

export type { BatchResponse } from './checkpoint/batch-response.ts'
export type { LambdaStreamEvent, LambdaStreamRecord } from './source/lambda-event.ts'

/** How a consumer runs in Lambda. */
export interface LambdaHandlerOptions {
  /**
   * Milliseconds before the invocation's deadline at which no handler is started any more and running ones are aborted;
   * the rest is for what is settled to become durable and for the answer. Default: 10 % of the time there is at the
   * start, at least 500 and at most half of it: an answer that comes too late throws the whole batch away.
   */
  readonly deadlineReserveMs?: number
  /**
   * Whether the event source mapping has `ReportBatchItemFailures` among its `FunctionResponseTypes`. Without it Lambda
   * does not read the answer and takes any answer for success; say `false` then, and a batch that is not settled whole is
   * failed by an error instead. @default true
   */
  readonly reportBatchItemFailures?: boolean
}

/** The one thing of Lambda's context that is used; without it a batch has no deadline. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number
}

/** What Lambda invokes. The answer carries the window's `state`, untouched, where the event belongs to a tumbling window. */
export type LambdaHandler = (
  event: LambdaStreamEvent,
  context?: LambdaContext,
) => Promise<BatchResponse & { readonly state?: LambdaStreamEvent['state'] }>

/**
 * Makes the function that Lambda invokes for a DynamoDB stream out of a consumer.
 *
 * The answer names the first record that is not settled, so the mapping must have `ReportBatchItemFailures` among its
 * `FunctionResponseTypes` (else see `reportBatchItemFailures`). The function rejects, and Lambda delivers the whole batch
 * again, when the event is no stream event (`DecodeError`), the stream does not carry what the consumer needs
 * (`ConfigurationError`) or the ledger can't be read (`LedgerError`).
 */
export function createLambdaHandler(consumer: Consumer, options: LambdaHandlerOptions = {}): LambdaHandler {
  shape('createLambdaHandler options', options)
  knownNames('createLambdaHandler options', options, ['deadlineReserveMs', 'reportBatchItemFailures'])
  if (typeof consumer?.process !== 'function') reject('consumer', 'what createConsumer returns', consumer)
  consumer.assertCanPark()
  const reserveMs = optional(options.deadlineReserveMs, (ms) => integer('deadlineReserveMs', ms, 0, 900_000))
  const { reportBatchItemFailures = true } = options
  return async (event, context) => {
    const batch = batchOfEvent(event)
    const { settlements, locations, stopped } = await consumer.process(batch, timeLimits(context, reserveMs))
    const response = batchResponse(settlements, locations)
    const [failure] = response.batchItemFailures
    if (!reportBatchItemFailures && failure !== undefined)
      throw new BatchIncompleteError(
        `the batch is settled only up to record ${failure.itemIdentifier}; Lambda has to deliver it again`,
        { cause: stopped[0]?.error },
      )
    return isWindowEvent(event) ? { ...response, state: event.state ?? {} } : response
  }
}

/** Divides the reserve: half for aborted handlers to come to an end, most of the rest for marks to become durable. */
function timeLimits(context: LambdaContext | undefined, reserveMs: number | undefined): TimeLimits | undefined {
  if (typeof context?.getRemainingTimeInMillis !== 'function') return undefined
  const remainingMs = context.getRemainingTimeInMillis()
  if (!Number.isFinite(remainingMs)) return undefined
  const reserve = Math.min(reserveMs ?? Math.max(500, remainingMs * 0.1), remainingMs / 2)
  return {
    startWithinMs: remainingMs - reserve,
    handleWithinMs: remainingMs - reserve * 0.5,
    answerWithinMs: remainingMs - reserve * 0.1,
    goneWithinMs: remainingMs,
  }
}
