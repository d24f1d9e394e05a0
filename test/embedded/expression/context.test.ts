import { describe, test } from 'vitest'
import { ExpressionContext } from '../../../src/embedded/expression/context.ts'
import { parseCondition } from '../../../src/embedded/expression/parse-condition.ts'
import { parseProjection } from '../../../src/embedded/expression/parse-projection.ts'
import { expectRefused } from './support/refused.ts'

describe('names', () => {
  test.for([
    [{}, 'ExpressionAttributeNames must not be empty'],
    [{ a: 'a' }, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'],
    [{ '#': 'a' }, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'],
    [{ '#a-b': 'a' }, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'],
    [{ '': 'a' }, 'ExpressionAttributeNames contains invalid key: The expression attribute map contains an empty key;'],
    [
      { [`#${'a'.repeat(255)}`]: 'a' },
      'ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256',
    ],
    [{ '#a': '' }, 'ExpressionAttributeNames contains invalid value: Empty attribute name for key #a'],
    [
      { '#a': 'x'.repeat(65_536) },
      'ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 bytes for key #a',
    ],
  ] as const)('%o', ([names, message]) => {
    expectRefused(() => new ExpressionContext(names), message)
  })
})

describe('values', () => {
  test.for([
    [{}, 'ExpressionAttributeValues must not be empty'],
    [{ a: { S: 'a' } }, 'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'],
    [
      { ':a': {} },
      'ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :a',
    ],
    [
      { ':a': { M: { x: { N: '1e200' } } } },
      'ExpressionAttributeValues contains invalid value: Number overflow. Attempting to store a number with magnitude larger than supported range for key :a',
    ],
  ] as const)('%o', ([values, message]) => {
    expectRefused(() => new ExpressionContext(undefined, values), message)
  })
})

test('refuses names, then values, that no expression uses', () => {
  const values = { ':a': { S: 'a' }, ':b': { S: 'b' } }
  const context = new ExpressionContext({ '#a': 'a', '#b': 'b', '#c': 'c' }, values)
  parseCondition('#a = :a', context)
  expectRefused(
    () => context.assertAllUsed(),
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}',
  )
  parseProjection('#b, #c', context)
  expectRefused(
    () => context.assertAllUsed(),
    'Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}',
  )
  parseCondition('x = :b', context, 'FilterExpression')
  context.assertAllUsed()
})

test('refuses paths into keys', () => {
  const message = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed:"
  const context = new ExpressionContext()
  parseCondition('pk = n', context)
  context.assertScalarKeys(['pk'])
  parseCondition('attribute_exists(pk.a)', context)
  parseProjection('x[0]', context)
  expectRefused(() => context.assertScalarKeys(['pk'], ['x']), `${message} Key: pk`)
  expectRefused(() => context.assertScalarKeys(['id'], ['x']), `${message} IndexKey: x`)
})
