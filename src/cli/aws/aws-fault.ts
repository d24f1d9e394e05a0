import { classifyAwsError, type AwsErrorKind } from '../../internal/aws-error.ts'
import { ConfigurationError } from '../../errors.ts'

interface Fault {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  /** Where nobody answered. */
  readonly place: string | undefined
}

/**
 * What to do about an error of AWS, in one sentence; `undefined` when it is none, or when what was thrown says it already.
 */
export function awsFault(error: unknown): string | undefined {
  if (error instanceof ConfigurationError) return undefined
  const found = rootFault(error)
  if (found === undefined) return undefined
  const [kind, source] = found
  return sentences[kind]?.(faultOf(source))
}

const sentences: { readonly [Kind in AwsErrorKind]?: (fault: Fault) => string } = {
  credentials: ({ name, message }) =>
    name.startsWith('Expired')
      ? 'your AWS credentials have expired: log in again (aws sso login), or renew AWS_SESSION_TOKEN'
      : `AWS does not take these credentials: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --profile (${message})`,
  'access-denied': ({ message }) =>
    `AWS denies it: allow the action, which is among those that "tidemark init --print iam" lists (${message})`,
  network: ({ code, message, place }) =>
    code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `there is no such host, or no network: check --region and --endpoint-url (${message})`
      : `nothing answers${place === undefined ? '' : ` at ${place}`}: check --endpoint-url, AWS_ENDPOINT_URL and the network (${code ?? message})`,
  'resource-not-found': ({ message }) =>
    `DynamoDB has no such table or stream: check the name, --region and --profile (${message})`,
  throttled: ({ message }) => `DynamoDB has no capacity left for this just now: try again in a moment (${message})`,
  unavailable: ({ message }) => `DynamoDB does not answer as it should: try again in a moment (${message})`,
  validation: ({ message }) => `DynamoDB refuses the request: ${message}`,
}

// Our own errors carry the SDK's as their cause.
function rootFault(error: unknown): readonly [AwsErrorKind, object] | undefined {
  let current = error
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth += 1) {
    const kind = classifyAwsError(current)
    if (kind !== 'unknown') return [kind, current]
    current = (current as { readonly cause?: unknown }).cause
  }
  return undefined
}

function faultOf(error: object): Fault {
  // Of a host with two addresses Node makes one error of two, and its own message is empty.
  const { errors } = error as { readonly errors?: readonly object[] }
  const source = errors?.[0] ?? error
  const { name, message, code, address, port } = source as {
    readonly [Field in 'name' | 'message' | 'code' | 'address']?: string
  } & { readonly port?: number }
  return {
    name: name ?? '',
    message: (message ?? '').split('\n', 1)[0] ?? '',
    code,
    place: address === undefined ? undefined : `${address}:${port ?? ''}`,
  }
}
