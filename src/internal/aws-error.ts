/** What an error from an AWS client means for us; `unknown` when it is not one, or one we have no rule for. */
export type AwsErrorKind =
  | 'throttled'
  | 'conditional-check-failed'
  | 'transaction-canceled'
  | 'resource-not-found'
  | 'access-denied'
  | 'credentials'
  | 'expired-iterator'
  | 'trimmed-data'
  | 'validation'
  | 'network'
  | 'unavailable'
  | 'unknown'

const kindByName: ReadonlyMap<string, AwsErrorKind> = new Map([
  ['ThrottlingException', 'throttled'],
  ['ThrottledException', 'throttled'],
  ['RequestThrottled', 'throttled'],
  ['RequestThrottledException', 'throttled'],
  ['TooManyRequestsException', 'throttled'],
  ['SlowDown', 'throttled'],
  ['ProvisionedThroughputExceededException', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['LimitExceededException', 'throttled'],
  ['TransactionInProgressException', 'throttled'],
  ['TransactionConflictException', 'throttled'],
  ['ConditionalCheckFailedException', 'conditional-check-failed'],
  ['TransactionCanceledException', 'transaction-canceled'],
  ['ResourceNotFoundException', 'resource-not-found'],
  ['TableNotFoundException', 'resource-not-found'],
  ['AccessDeniedException', 'access-denied'],
  ['KMSAccessDeniedException', 'access-denied'],
  ['UnrecognizedClientException', 'credentials'],
  ['ExpiredTokenException', 'credentials'],
  ['ExpiredToken', 'credentials'],
  ['InvalidSignatureException', 'credentials'],
  ['MissingAuthenticationTokenException', 'credentials'],
  ['CredentialsProviderError', 'credentials'],
  ['ExpiredIteratorException', 'expired-iterator'],
  ['TrimmedDataAccessException', 'trimmed-data'],
  ['ValidationException', 'validation'],
  ['SerializationException', 'validation'],
  ['ItemCollectionSizeLimitExceededException', 'validation'],
  ['InternalServerError', 'unavailable'],
  ['InternalFailure', 'unavailable'],
  ['InternalServerException', 'unavailable'],
  ['ServiceUnavailable', 'unavailable'],
  ['ServiceUnavailableException', 'unavailable'],
  ['TimeoutError', 'network'],
  ['RequestTimeout', 'network'],
  ['RequestTimeoutException', 'network'],
])

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Says what kind of AWS or network error this is. Total: any value is an answer, and it never throws. */
export function classifyAwsError(error: unknown): AwsErrorKind {
  try {
    return classify(error)
  } catch {
    return 'unknown' // a getter that throws is not something an AWS client makes
  }
}

function classify(error: unknown): AwsErrorKind {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const { name, code, $metadata } = error as {
    name?: unknown
    code?: unknown
    $metadata?: { httpStatusCode?: unknown }
  }
  const named = typeof name === 'string' ? kindByName.get(name) : undefined
  if (named !== undefined) return named
  if (typeof code === 'string' && networkCodes.has(code)) return 'network'
  const status = $metadata?.httpStatusCode
  if (status === 429) return 'throttled'
  return typeof status === 'number' && status >= 500 ? 'unavailable' : 'unknown'
}

/** The kinds that say something about the system and nothing about the record that met them. */
const systemic: ReadonlySet<AwsErrorKind> = new Set<AwsErrorKind>([
  'throttled',
  'network',
  'unavailable',
  'access-denied',
  'credentials',
  'resource-not-found',
])

/** Whether the error speaks of the system (throttling, network, permissions, a missing table), not of a record. */
export function isSystemicAwsError(error: unknown): boolean {
  return systemic.has(classifyAwsError(error)) || isTransientAwsError(error)
}

/** Whether the same request can succeed later without anybody changing anything. */
export function isTransientAwsError(error: unknown): boolean {
  const kind = classifyAwsError(error)
  if (kind === 'transaction-canceled') return cancellationCodes(error).some((code) => passing.has(code))
  return kind === 'throttled' || kind === 'network' || kind === 'unavailable'
}

/** Reasons of a cancelled transaction that pass by themselves: another transaction, or too much at once. */
const passing: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
])

/**
 * Why a transaction was cancelled: a code for each of its actions, in their order, `None` where the action was not the
 * cause (`ConditionalCheckFailed`, `TransactionConflict`, …). Empty for any other error.
 */
export function cancellationCodes(error: unknown): readonly string[] {
  const reasons = (error as { readonly CancellationReasons?: unknown } | null | undefined)?.CancellationReasons
  if (!Array.isArray(reasons)) return []
  return reasons.map((reason: { readonly Code?: unknown } | null) => String(reason?.Code ?? 'None'))
}
