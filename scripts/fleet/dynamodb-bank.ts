import {
  ScanCommand,
  TransactGetItemsCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import type { DynamoDBTransaction } from '../../src/dynamodb.ts'
import type { Bank, Move } from './bank.ts'
import { readEffects } from './effect-table.ts'
import { accountTableName, effectTableName } from './tables.ts'
import type { Account } from './transfers.ts'

/** Nothing but the ledger keeps it from being carried out twice: `ADD` adds as often as it is let, and receipts have names of their own. */
export const moveInDynamoDB: Move<DynamoDBTransaction> = (transaction, { from, to, amount }, receipt) => {
  const { key, n, epoch, ...rest } = receipt
  const commit = Math.random().toString(36).slice(2)
  transaction.update(accountTableName, { pk: from }, { add: { balance: -amount, sent: 1 } })
  transaction.update(accountTableName, { pk: to }, { add: { balance: amount, received: 1 } })
  transaction.put(effectTableName, { pk: key, sk: `${String(n).padStart(8, '0')}#${epoch}#${commit}`, ...rest })
}

/** Accounts in a table of DynamoDB. */
export function dynamodbBank(client: DynamoDBClient): Bank {
  return {
    async look(ids) {
      const TransactItems = ids.map((id) => ({ Get: { TableName: accountTableName, Key: { pk: { S: id } } } }))
      try {
        const { Responses = [] } = await client.send(new TransactGetItemsCommand({ TransactItems }))
        return Responses.flatMap(({ Item }) => (Item === undefined ? [] : [accountOf(Item)]))
      } catch (error) {
        if ((error as Error).name === 'TransactionCanceledException') return undefined // somebody is writing one of them
        throw error
      }
    },
    accounts: () => readAccounts(client),
    receipts: () => readEffects(client),
    close: () => Promise.resolve(),
  }
}

async function readAccounts(client: DynamoDBClient): Promise<ReadonlyMap<string, Account>> {
  const accounts = new Map<string, Account>()
  let ExclusiveStartKey: Record<string, AttributeValue> | undefined
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: accountTableName,
        ConsistentRead: true,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    )
    for (const item of page.Items ?? []) accounts.set(item['pk']?.S ?? '', accountOf(item))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  return accounts
}

function accountOf({ balance, sent, received }: Record<string, AttributeValue>): Account {
  return { balance: Number(balance?.N ?? 0), sent: Number(sent?.N ?? 0), received: Number(received?.N ?? 0) }
}
