import type { AttributeValue } from '@aws-sdk/client-dynamodb'

const types = new Set(['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS'])

/** An item as DynamoDB takes it, of JSON that says it in DynamoDB's way, or plainly. */
export function attributesOf(item: object): Record<string, AttributeValue> {
  const isTyped = Object.values(item).every(isAttributeValue)
  const read = isTyped ? typedValue : plainValue
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, read(value)]))
}

function isAttributeValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const [type, ...more] = Object.keys(value)
  return type !== undefined && more.length === 0 && types.has(type)
}

/** As the AWS CLI takes it: bytes are base64. The service refuses what is wrong in it, and says why. */
function typedValue(value: unknown): AttributeValue {
  const { B, BS } = value as { readonly B?: string; readonly BS?: readonly string[] }
  if (B !== undefined) return { B: Buffer.from(B, 'base64') }
  if (BS !== undefined) return { BS: BS.map((one) => Buffer.from(one, 'base64')) }
  return value as AttributeValue
}

function plainValue(value: unknown): AttributeValue {
  if (value === null || value === undefined) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(plainValue) }
  switch (typeof value) {
    case 'string':
      return { S: value }
    case 'boolean':
      return { BOOL: value }
    case 'object':
      return { M: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainValue(one)])) }
    default:
      return { N: String(value) }
  }
}
