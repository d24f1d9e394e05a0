import type { Scalar } from './values.ts'

/**
 * What a stream record has at some place: text, a number, one of a few values, or an object, given as the function from
 * its names to what they lead to.
 */
export type Shape = 'string' | 'number' | readonly Scalar[] | ((name: string) => Shape | undefined)

const valueByType: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['S', 'string'],
  ['N', 'string'],
  ['B', 'string'],
  ['BOOL', [true, false]],
  ['NULL', [true]],
  ['SS', 'string'],
  ['NS', 'string'],
  ['BS', 'string'],
  // The elements of a list are reached without a name of their own.
  ['L', attributeValue],
  ['M', item],
])

function attributeValue(type: string): Shape | undefined {
  return valueByType.get(type)
}

function item(): Shape {
  return attributeValue
}

const change: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['Keys', item],
  ['NewImage', item],
  ['OldImage', item],
  ['ApproximateCreationDateTime', 'number'],
  ['SequenceNumber', 'string'],
  ['SizeBytes', 'number'],
  ['StreamViewType', ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES']],
])

const record: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['eventID', 'string'],
  ['eventName', ['INSERT', 'MODIFY', 'REMOVE']],
  ['eventVersion', 'string'],
  ['eventSource', ['aws:dynamodb']],
  ['eventSourceARN', 'string'],
  ['awsRegion', 'string'],
  ['dynamodb', (name) => change.get(name)],
  ['userIdentity', (name) => (name === 'type' || name === 'principalId' ? 'string' : undefined)],
])

/** What a stream record can have at `path`; `undefined` when it never has anything there. */
export function shapeAt(path: readonly string[]): Shape | undefined {
  return path.reduce<Shape | undefined>(
    (shape, name) => (typeof shape === 'function' ? shape(name) : undefined),
    (name: string) => record.get(name),
  )
}
