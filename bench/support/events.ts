import { randomUUID } from 'node:crypto'

let sequence = 111_000_000_000_000_000_000n

/** The text of a Lambda event of inserts that nobody has seen before, spread over `keys` items. */
export function insertsText(count: number, keys: number = count): string {
  return JSON.stringify({ Records: Array.from({ length: count }, (_, index) => insert(index % keys)) })
}

function insert(key: number): object {
  sequence += 3n
  const pk = { S: `order#${key}` }
  return {
    eventID: randomUUID().replaceAll('-', ''),
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-central-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_767_225_600,
      Keys: { pk },
      NewImage: {
        pk,
        customer: { S: `customer-${key}` },
        email: { S: `customer-${key}@example.com` },
        total: { N: `${key}.25` },
        quantity: { N: '3' },
        paid: { BOOL: true },
        status: { S: 'OPEN' },
        createdAt: { N: '1767225600000' },
      },
      SequenceNumber: String(sequence),
      SizeBytes: 182,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
  }
}
