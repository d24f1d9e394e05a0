import {
  type AttributeValue,
  BatchWriteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { systemRandom } from '../../internal/system.ts'

type SampleItem = Record<string, AttributeValue>

/**
 * Puts sample items into a table, for something to happen: orders, as the documentation's examples want them. No two calls
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

function sampleItem(table: TableDescription | undefined, series: string, number: number): SampleItem {
  const item: SampleItem = {
    id: { S: `${series}-${number}` },
    email: { S: `customer-${number}@example.com` },
    total: { N: String(10 + ((number * 37) % 490)) },
    status: { S: 'new' },
  }
  // A table from a file of --persist may have any key.
  for (const { AttributeName: name = '', AttributeType: type } of table?.AttributeDefinitions ?? [])
    item[name] = keyValue(type, series, number)
  return item
}

function keyValue(type: string | undefined, series: string, number: number): AttributeValue {
  if (type === 'N') return { N: String(Number.parseInt(series, 16) * 1_000_000 + number) }
  if (type === 'B') return { B: Buffer.from(`${series}-${number}`) }
  return { S: `${series}-${number}` }
}
