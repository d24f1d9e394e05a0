import { QueryCommand, ScanCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { EffectRow } from './facts.ts'
import { effectTableName as TableName } from './tables.ts'

type Row = Record<string, AttributeValue>

/** All effects of the fenced table. */
export async function readEffects(client: DynamoDBClient): Promise<readonly EffectRow[]> {
  const rows: EffectRow[] = []
  let ExclusiveStartKey: Row | undefined
  do {
    const page = await client.send(
      new ScanCommand({ TableName, ConsistentRead: true, ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
    )
    for (const row of page.Items ?? []) rows.push(effectOf(row))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  return rows
}

/** Says what is wrong with the effects of a key as a consistent read shows them at this moment: a version is left out. */
export async function gapNow(client: DynamoDBClient, key: string): Promise<string | undefined> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :key',
      ExpressionAttributeValues: { ':key': { S: key } },
    }),
  )
  const versions = [...new Set(Items.map((row) => effectOf(row).n))]
  const wrong = versions.findIndex((n, index) => n !== index + 1)
  return wrong === -1 ? undefined : `${key}@${versions[wrong]} is in the table of effects, ${key}@${wrong + 1} is not`
}

function effectOf({ pk, sk, shardId, worker, sentAt }: Row): EffectRow {
  const [n, epoch] = (sk?.S ?? '').split('#').map(Number)
  return {
    key: pk?.S ?? '',
    n: n ?? 0,
    epoch: epoch ?? 0,
    shardId: shardId?.S ?? '',
    worker: worker?.S ?? '',
    sentAt: Number(sentAt?.N),
  }
}
