import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { TableRequests } from '../requests.ts'
import { isExpired, markRow, rowKey } from '../rows.ts'
import type { LedgerEntry } from '../../ledger.ts'

/** Whose mark it is, and for how long it is kept. */
export interface Marking {
  readonly consumer: string
  /** Names the transaction that writes it. */
  readonly commitId: string
  readonly now: number
  readonly keepMs: number
}

/**
 * A record's mark as an action of the transaction that has its effects: it commits only where there is no mark, and none is
 * an expired one, too, which DynamoDB may delete days late.
 */
export function markAction(tableName: string, entry: LedgerEntry, marking: Marking): TransactWriteItem {
  const { consumer, commitId, now, keepMs } = marking
  return {
    Put: {
      TableName: tableName,
      Item: { ...markRow(consumer, entry, now, keepMs), commitId: { S: commitId } },
      ConditionExpression: 'attribute_not_exists(pk) OR #expiresAt <= :seconds',
      ExpressionAttributeNames: { '#expiresAt': 'expiresAt' },
      ExpressionAttributeValues: { ':seconds': { N: String(Math.floor(now / 1_000)) } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  }
}

/** The transaction that wrote a record's mark, if there is a mark. */
export async function readCommitId(
  requests: TableRequests,
  consumer: string,
  entry: LedgerEntry,
  now: number,
): Promise<{ readonly commitId: string | undefined } | undefined> {
  const [row] = await requests.read([rowKey(consumer, entry, 'mark')])
  return row === undefined || isExpired(row, now) ? undefined : { commitId: row['commitId']?.S }
}
