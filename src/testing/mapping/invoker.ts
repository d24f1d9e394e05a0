import type { Clock } from '../../internal/clock.ts'
import type { FunctionContext } from './function-context.ts'
import { freshEvent } from './envelope.ts'
import { type ResolvedMappingOptions, uuid } from './options.ts'

/** How an invocation ended. */
export type Invocation = { readonly requestId: string } & (
  { readonly status: 'answered'; readonly response: unknown } | { readonly status: 'error'; readonly error: unknown }
)

/** Calls the function once with an event of its own and waits for its answer, for as long as Lambda would. */
export async function invoke(options: ResolvedMappingOptions, eventJson: string): Promise<Invocation> {
  const requestId = uuid(options.random)
  const limit = deadline(options.clock, options.functionTimeoutMs)
  const answer = call(options, eventJson, functionContext(options, requestId, limit.remaining))
  answer.catch(() => {}) // a rejection after the deadline is nobody's business any more
  try {
    const response = await Promise.race([answer, limit.passed])
    return { requestId, status: 'answered', response: throughJson(response, options.payloadLimitBytes) }
  } catch (error) {
    return { requestId, status: 'error', error }
  } finally {
    limit.cancel()
  }
}

// Async, so that a handler that throws before its first await rejects like any other.
async function call(options: ResolvedMappingOptions, eventJson: string, context: FunctionContext): Promise<unknown> {
  return await options.handler(freshEvent(eventJson), context)
}

interface Deadline {
  /** Rejects when the time is up. */
  readonly passed: Promise<never>
  remaining(): number
  cancel(): void
}

function deadline(clock: Clock, timeoutMs: number): Deadline {
  const end = clock.monotonic() + timeoutMs
  let cancel = () => {}
  const passed = new Promise<never>((_, reject) => {
    cancel = clock.schedule(timeoutMs, () =>
      reject(new Error(`Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`)),
    )
  })
  return { passed, remaining: () => Math.max(0, Math.floor(end - clock.monotonic())), cancel }
}

function functionContext(
  options: ResolvedMappingOptions,
  awsRequestId: string,
  getRemainingTimeInMillis: () => number,
): FunctionContext {
  const { functionName, functionArn } = options
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: '128',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `${options.mappingId}/[$LATEST]`,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis,
  }
}

// What JSON can't carry (a bigint, a cycle) fails an invocation in Lambda too, and a Set or a Date arrives changed.
function throughJson(response: unknown, limitBytes: number): unknown {
  const json = JSON.stringify(response) ?? 'null'
  if (Buffer.byteLength(json) > limitBytes)
    throw new Error(`Response payload size exceeded maximum allowed payload size (${limitBytes} bytes)`)
  const parsed: unknown = JSON.parse(json)
  return parsed
}
