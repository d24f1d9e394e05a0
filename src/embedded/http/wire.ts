import { isFields } from '../fields.ts'
import { type Leaf, mapLeaves } from '../map-leaves.ts'
import { ServiceError } from '../service-error.ts'

// Which fields of the requests hold attribute values. A map of items by table name is told apart by its own name, since
// a table can be called like one of these.
const itemFields = new Set(['Item', 'Key', 'ExpressionAttributeValues', 'ExclusiveStartKey'])
const itemListFields = new Set(['Keys'])
const byTableFields = new Set(['RequestItems'])

/** Reads a request: JSON in which binary values are base64, wherever the API has attribute values. */
export function readRequest(text: string): object {
  const request = parse(text)
  readStructure(request)
  return request
}

/** Writes an answer: binary values as base64, times as seconds of the epoch. */
export function writeAnswer(answer: object): string {
  return JSON.stringify(mapLeaves(answer, writeLeaf))
}

function parse(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text)
    if (isFields(parsed)) return parsed
  } catch {
    // the answer is the same for what is no JSON and for what is none of an object
  }
  throw new ServiceError('SerializationException', 'The request is no JSON object')
}

// What was parsed is ours alone: values are put in their places.
function readStructure(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(readStructure)
  if (!isFields(value)) return
  for (const [name, field] of Object.entries(value)) {
    if (itemFields.has(name)) readItem(field)
    else if (itemListFields.has(name) && Array.isArray(field)) field.forEach(readItem)
    else if (byTableFields.has(name) && isFields(field)) Object.values(field).forEach(readStructure)
    else readStructure(field)
  }
}

function readItem(item: unknown): void {
  if (isFields(item)) Object.values(item).forEach(readValue)
}

function readValue(value: unknown): void {
  if (!isWritable(value)) return
  if (typeof value['B'] === 'string') value['B'] = readBinary(value['B'])
  else if (Array.isArray(value['BS'])) value['BS'] = value['BS'].map(readBinary)
  else if (Array.isArray(value['L'])) value['L'].forEach(readValue)
  else if (value['M'] !== undefined) readItem(value['M'])
}

function isWritable(value: unknown): value is { [name: string]: unknown } {
  return isFields(value)
}

function readBinary(text: unknown): unknown {
  if (typeof text !== 'string') return text // refused with the other wrong types
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') === text) return bytes
  throw new ServiceError('SerializationException', 'Base64 encoded length is expected a multiple of 4 bytes')
}

function writeLeaf(leaf: Leaf): unknown {
  if (leaf instanceof Date) return leaf.getTime() / 1_000
  return Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('base64')
}
