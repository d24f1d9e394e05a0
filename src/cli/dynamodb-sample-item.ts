import type { AttributeValue, TableDescription } from '@aws-sdk/client-dynamodb'

/** An order, as the documentation's examples want it, whose key no other `series` and `number` give. */
export function sampleItem(
  table: TableDescription | undefined,
  series: string,
  number: number,
): Record<string, AttributeValue> {
  const item: Record<string, AttributeValue> = {
    id: { S: `${series}-${number}` },
    email: { S: `customer-${number}@example.com` },
    total: { N: String(10 + ((number * 37) % 490)) },
    status: { S: 'new' },
  }
  // The table may have any key.
  for (const { AttributeName: name = '', AttributeType: type } of table?.AttributeDefinitions ?? [])
    item[name] = keyValue(type, series, number)
  return item
}

function keyValue(type: string | undefined, series: string, number: number): AttributeValue {
  if (type === 'N') return { N: String(Number.parseInt(series, 16) * 1_000_000 + number) }
  if (type === 'B') return { B: Buffer.from(`${series}-${number}`) }
  return { S: `${series}-${number}` }
}
