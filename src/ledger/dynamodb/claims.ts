import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { classifyAwsError } from '../../internal/aws-error.ts'
import type { TableRequests } from './requests.ts'
import { epochSeconds, isExpired, numberIn, rowKey, type Row } from './rows.ts'
import type { ClaimOutcome, LedgerEntry } from '../ledger.ts'

/** Who claims, for whom, and until when. */
export interface Claimant {
  readonly consumer: string
  /** One a session, never used by another. */
  readonly token: string
  readonly now: number
  readonly until: number
  readonly keepMs: number
}

/**
 * Claims a record for `token`.
 *
 *     no row ──────────▶ claimed by token, attempt 1
 *     released ────────▶ claimed by token, attempt + 1   (and so is a row past its time to live)
 *     claimed by token ▶ it is ours: the reply to an earlier try of this very request was lost
 *     claimed by other ▶ a mark says completed; else until `claimedUntil` in progress, and after it uncertain
 *
 * A claim that has run out is not taken over, here or anywhere: whether its owner's effect happened is not known, and
 * finding that out is no longer a matter of time.
 */
export async function claimRow(requests: TableRequests, entry: LedgerEntry, claimant: Claimant): Promise<ClaimOutcome> {
  const found = await putClaim(requests, entry, claimant)
  if (found === undefined || found['owner']?.S === claimant.token)
    return { status: 'claimed', claim: { entry, token: claimant.token } }
  // The claim is looked at first and the mark after it. The other way round, an owner that completed in between would be
  // found without a mark, and once its time was over its completed record would pass for uncertain.
  if (await isMarked(requests, entry, claimant)) return { status: 'completed' }
  const until = numberIn(found, 'claimedUntil')
  if (until > claimant.now) return { status: 'in-progress', until }
  return {
    status: 'uncertain',
    since: numberIn(found, 'claimedAt'),
    remedy: remedyFor(requests.tableName, entry, claimant),
  }
}

/** Writes the claim, or returns the row that stands against it. */
async function putClaim(requests: TableRequests, entry: LedgerEntry, claimant: Claimant): Promise<Row | undefined> {
  const claim = new UpdateItemCommand({
    TableName: requests.tableName,
    Key: rowKey(claimant.consumer, entry, 'claim'),
    // free: never claimed, given back, or older than the ledger's memory (DynamoDB deletes such rows days late)
    ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(#releasedAt) OR #expiresAt <= :seconds',
    UpdateExpression:
      'SET #owner = :token, #claimedAt = :now, #claimedUntil = :until, #expiresAt = :expiresAt, #eventId = :eventId ' +
      'REMOVE #releasedAt ADD #attempt :one',
    ExpressionAttributeNames: names(
      'owner',
      'claimedAt',
      'claimedUntil',
      'expiresAt',
      'eventId',
      'releasedAt',
      'attempt',
    ),
    ExpressionAttributeValues: {
      ':token': { S: claimant.token },
      ':now': { N: String(claimant.now) },
      ':until': { N: String(claimant.until) },
      // No later than its mark's will be: a claim that outlived the mark would make a completed change uncertain.
      ':expiresAt': { N: String(epochSeconds(claimant.now + claimant.keepMs)) },
      ':seconds': { N: String(Math.floor(claimant.now / 1_000)) },
      ':eventId': { S: entry.eventId },
      ':one': { N: '1' },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
  try {
    await requests.send('write', (client) => client.send(claim))
    return undefined
  } catch (error) {
    if (classifyAwsError(error) !== 'conditional-check-failed') throw error
    return (error as { readonly Item?: Row }).Item ?? {}
  }
}

async function isMarked(requests: TableRequests, entry: LedgerEntry, { consumer, now }: Claimant): Promise<boolean> {
  const read = new GetItemCommand({
    TableName: requests.tableName,
    Key: rowKey(consumer, entry, 'mark'),
    ConsistentRead: true,
  })
  const { Item } = await requests.send('read', (client) => client.send(read))
  return Item !== undefined && !isExpired(Item, now)
}

/** Gives a claim back, unless it is no longer `token`'s: then there is nothing to give and nothing is touched. */
export async function releaseRow(
  requests: TableRequests,
  consumer: string,
  entry: LedgerEntry,
  token: string,
  now: number,
): Promise<void> {
  const release = new UpdateItemCommand({
    TableName: requests.tableName,
    Key: rowKey(consumer, entry, 'claim'),
    ConditionExpression: '#owner = :token AND attribute_not_exists(#releasedAt)',
    UpdateExpression: 'SET #releasedAt = :now',
    ExpressionAttributeNames: names('owner', 'releasedAt'),
    ExpressionAttributeValues: { ':token': { S: token }, ':now': { N: String(now) } },
  })
  try {
    await requests.send('write', (client) => client.send(release))
  } catch (error) {
    // Released by a try of this request whose reply was lost, or another's by now: either way it is not ours to give.
    if (classifyAwsError(error) !== 'conditional-check-failed') throw error
  }
}

function remedyFor(tableName: string, entry: LedgerEntry, { consumer }: Claimant): string {
  const pk = rowKey(consumer, entry, 'claim')['pk']?.S ?? ''
  return (
    `Find out whether its effect happened. If not, delete the row { pk: '${pk}', sk: 'claim' } from table ` +
    `'${tableName}': it then runs again. If it did, put { pk: '${pk}', sk: 'mark', expiresAt: <epoch seconds, a week ` +
    `from now> }: it then counts as done.`
  )
}

function names(...attributes: string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]))
}
