import { TransactWriteItemsCommand, type TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { cancellationCodes, classifyAwsError } from '../../../internal/aws-error.ts'
import type { Row } from '../rows.ts'
import type { Request } from '../send.ts'

/** Why one action of a cancelled transaction was refused; `None` when it was not. */
export interface Reason {
  readonly code: string
  readonly message: string
  /** The item as it is, where the action asked for it. */
  readonly item: Row | undefined
}

/** How a TransactWriteItems came out. Only `unknown` leaves open whether it was applied, now or later. */
export type CommitOutcome =
  | { readonly status: 'applied' }
  /** Refused for these actions, by index; told by code and place, never by a message. */
  | { readonly status: 'cancelled'; readonly reasons: readonly Reason[] }
  /** Refused as a whole, and would be again: invalid, a table is missing, access denied. */
  | { readonly status: 'invalid'; readonly error: unknown }
  /** Refused as a whole, for now. */
  | { readonly status: 'busy'; readonly error: unknown }
  | { readonly status: 'unknown'; readonly error: unknown }

/** Sends one request once. */
export type SendOnce = <Result>(request: Request<Result>) => Promise<Result>

/** Sends a transaction, once. The SDK may repeat it under its token, which DynamoDB takes for the same. */
export async function commit(
  sendOnce: SendOnce,
  actions: readonly TransactWriteItem[],
  token: string,
): Promise<CommitOutcome> {
  const command = new TransactWriteItemsCommand({ TransactItems: [...actions], ClientRequestToken: token })
  try {
    await sendOnce((client, options) => client.send(command, options))
    return { status: 'applied' }
  } catch (error) {
    return outcomeOf(error)
  }
}

function outcomeOf(error: unknown): CommitOutcome {
  switch (classifyAwsError(error)) {
    case 'transaction-canceled': {
      const reasons = reasonsOf(error)
      return reasons.some(({ code }) => code !== 'None')
        ? { status: 'cancelled', reasons }
        : { status: 'unknown', error }
    }
    case 'validation':
    case 'resource-not-found':
    case 'access-denied':
    case 'credentials':
      return { status: 'invalid', error }
    case 'throttled':
      // The same token is under way: it may be applied yet.
      return { status: nameOf(error) === 'TransactionInProgressException' ? 'unknown' : 'busy', error }
    default:
      return { status: 'unknown', error }
  }
}

function nameOf(error: unknown): unknown {
  return (error as { readonly name?: unknown } | null)?.name
}

function reasonsOf(error: unknown): Reason[] {
  const given = (error as { readonly CancellationReasons?: readonly { Message?: unknown; Item?: Row }[] })
    .CancellationReasons
  return cancellationCodes(error).map((code, index) => ({
    code,
    message: String(given?.[index]?.Message ?? ''),
    item: given?.[index]?.Item,
  }))
}

/** Whether the reason passes by itself: another transaction has the item, or there is too much to do at once. */
export function passes({ code }: Reason): boolean {
  return /^(?:TransactionConflict|ThrottlingError|ProvisionedThroughputExceeded|RequestLimitExceeded)$/.test(code)
}
