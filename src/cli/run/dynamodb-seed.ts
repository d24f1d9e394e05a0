import { BatchWriteItemCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { systemRandom } from '../../internal/system.ts'
import { sampleItem } from '../dynamodb-sample-item.ts'

/**
 * Puts sample items into a table, for something to happen. No two calls
 * put the same keys, for a put that changes nothing is not in the stream.
 */
export async function seed(
  dynamodb: DynamoDBClient,
  tableName: string,
  itemCount: number,
  signal: AbortSignal,
): Promise<void> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tableName }))
  const series = systemRandom.id().slice(0, 6)
  for (let from = 0; from < itemCount && !signal.aborted; from += 25) {
    const numbers = Array.from({ length: Math.min(25, itemCount - from) }, (_, index) => from + index + 1)
    const puts = numbers.map((number) => ({ PutRequest: { Item: sampleItem(Table, series, number) } }))
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: puts } }))
  }
}
