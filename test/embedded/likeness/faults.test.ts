import { expect, test } from 'vitest'
import type { Step } from '../both.ts'
import { hasBothFaults } from './faults.ts'
import type { Outcome } from './outcome.ts'

const refused = (message: string): Outcome => ({ error: 'ValidationException', message })
const overlap =
  'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, a]'
const emptyKey =
  'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk'

interface Case {
  readonly local: string
  readonly embedded: string
  readonly both: Step
  /** The same request without what Local tells, and without what the engine tells. */
  readonly mended: readonly [local: Step, embedded: Step]
  readonly found?: object
}

const update = (pk: string, UpdateExpression: string, more: object = {}): Step => ({
  operation: 'UpdateItem',
  input: { TableName: 'plain-1', Key: { pk: { S: pk } }, UpdateExpression, ...more },
})
const query = (more: object): Step => ({
  operation: 'Query',
  input: { TableName: 'ranged-1', KeyConditionExpression: 'pk = :p', ...more },
})
const compared = (operator: string, value: object): Step =>
  update('', 'REMOVE a', { ConditionExpression: `n ${operator} :v0`, ExpressionAttributeValues: { ':v0': value } })
const deletions = (...keys: readonly object[]): Step => ({
  operation: 'BatchWriteItem',
  input: { RequestItems: { 'sparse-1': keys.map((Key) => ({ DeleteRequest: { Key } })) } },
})
const binary = (byte: number) => ({ B: Uint8Array.of(byte) })

const cases: { readonly [name: string]: Case } = {
  'an empty key and paths that overlap': {
    local: emptyKey,
    embedded: overlap,
    both: update('', 'REMOVE m, m.a'),
    mended: [update('a', 'REMOVE m, m.a'), update('', 'REMOVE m.a, m.b')],
  },
  'an empty key and an operand of a type that has no order': {
    local: emptyKey,
    embedded:
      'Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: <, operand type: L',
    both: compared('<', { L: [] }),
    mended: [update('a', 'REMOVE a', { ConditionExpression: 'n < :v0' }), compared('<', { N: '1' })],
  },
  'an empty key and a value that is no number': {
    local: emptyKey,
    embedded:
      'ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: one for key :v0',
    both: compared('=', { L: [{ N: 'one' }] }),
    mended: [update('a', 'REMOVE a'), compared('=', { L: [{ N: '1' }] })],
  },
  'a table that is not there and a value that nothing uses': {
    local: 'Requested resource not found',
    embedded: 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:v1}',
    both: { operation: 'PutItem', input: { TableName: 'missing-1', ExpressionAttributeValues: { ':v1': { S: 'x' } } } },
    mended: [
      { operation: 'PutItem', input: { TableName: 'plain-1', ExpressionAttributeValues: { ':v1': { S: 'x' } } } },
      {
        operation: 'PutItem',
        input: {
          TableName: 'missing-1',
          ConditionExpression: 'a = :v1',
          ExpressionAttributeValues: { ':v1': { S: 'x' } },
        },
      },
    ],
  },
  'a key twice and a key that lacks a part': {
    local: 'Provided list of item keys contains duplicates',
    embedded: 'The provided key element does not match the schema',
    both: deletions({ pk: binary(1), sk: { S: 'a' } }, { pk: binary(1) }, { pk: binary(1), sk: { S: 'a' } }),
    mended: [
      deletions({ pk: binary(1), sk: { S: 'a' } }, { pk: binary(1) }),
      deletions({ pk: binary(1), sk: { S: 'a' } }, { pk: binary(1), sk: { S: 'a' } }),
    ],
  },
  'a start in another partition and a selection of nothing': {
    local: 'The provided starting key is outside query boundaries based on provided conditions',
    embedded: 'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    both: query({
      Select: 'SPECIFIC_ATTRIBUTES',
      ExclusiveStartKey: { pk: { S: 'b' }, sk: { N: '1' } },
      ExpressionAttributeValues: { ':p': { S: 'a' } },
    }),
    mended: [
      query({ Select: 'SPECIFIC_ATTRIBUTES', ExpressionAttributeValues: { ':p': { S: 'a' } } }),
      query({
        ExclusiveStartKey: { pk: { S: 'b' }, sk: { N: '1' } },
        ExpressionAttributeValues: { ':p': { S: 'a' } },
      }),
    ],
  },
  'a path that leads nowhere and an operand that is not there': {
    local: 'The document path provided in the update expression is invalid for update',
    embedded: 'The provided expression refers to an attribute that does not exist in the item',
    both: update('a', 'SET m.a = s, n = b'),
    mended: [update('a', 'SET s = s, n = b'), update('a', 'SET m.a = s, n = s')],
    found: { pk: { S: 'a' }, s: { S: 'x' } },
  },
}

test.each(Object.entries(cases))('%s: excused only where the request has both', (_name, one) => {
  const { local, embedded, both, mended, found } = one
  const isExcused = (step: Step) => hasBothFaults({ step, found: [found as never] }, refused(local), refused(embedded))
  expect([both, ...mended].map(isExcused)).toEqual([true, false, false])
})

test('one fault told in two ways is not two faults', () => {
  const subject = { step: update('', 'REMOVE m, m.a'), found: [] }
  expect(hasBothFaults(subject, refused(overlap), refused(overlap))).toBe(false)
})

test('what no predicate knows is not excused', () => {
  const subject = { step: update('', 'REMOVE m, m.a'), found: [] }
  expect(hasBothFaults(subject, refused(emptyKey), refused('Something else'))).toBe(false)
})
