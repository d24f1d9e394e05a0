import { describe, expect, test } from 'vitest'
import { itemSize } from '../../src/record/item-size.ts'

describe('the size of an item', () => {
  test('counts names and text in UTF-8 bytes', () => {
    expect(itemSize({ id: { S: 'order-1' } })).toBe(2 + 7)
    expect(itemSize({ größe: { S: 'é€😀' } })).toBe(7 + 2 + 3 + 4)
    expect(itemSize({ id: { S: '' } })).toBe(2)
  })

  test.each([
    ['0', 1],
    ['-0', 1],
    ['1', 2],
    ['12', 2],
    ['123', 3],
    ['1234', 3],
    ['120', 3],
    ['10100', 3],
    ['1.5', 3],
    ['0.001', 2],
    ['0.10', 2],
    ['12E-3', 3],
    ['1E125', 2],
    ['1E-130', 2],
    ['-1', 3],
    ['-12.50', 4],
    ['12345678901234567890123456789012345678', 20],
    ['-12345678901234567890123456789012345678', 21],
  ])('counts the digits of %s in pairs around the decimal point', (N, size) => {
    expect(itemSize({ n: { N } })).toBe(1 + size)
  })

  test('counts binary by its bytes, in either form', () => {
    expect(itemSize({ b: { B: new Uint8Array(5) } })).toBe(1 + 5)
    expect(itemSize({ b: { B: 'Zm9vYmFy' } })).toBe(1 + 6)
  })

  test('adds three bytes for a list or a map and one for each element', () => {
    expect(itemSize({ l: { L: [] } })).toBe(1 + 3)
    expect(itemSize({ l: { L: [{ S: 'a' }, { N: '1' }] } })).toBe(1 + 3 + 2 + 3)
    expect(itemSize({ m: { M: { ab: { S: 'x' }, c: { NULL: true } } } })).toBe(1 + 3 + 4 + 3)
    expect(itemSize({ m: { M: { a: { L: [{ BOOL: false }] } } } })).toBe(1 + 3 + (1 + 1 + 3 + 2))
  })

  test('adds up the members of a set', () => {
    expect(itemSize({ s: { SS: ['a', 'bc'] } })).toBe(1 + 3)
    expect(itemSize({ s: { NS: ['1', '123'] } })).toBe(1 + 5)
    expect(itemSize({ s: { BS: [new Uint8Array(3)] } })).toBe(1 + 3)
  })

  test("agrees with the sizes that AWS was recorded to report for a stream record's keys and image", () => {
    const keys = { my_partition_key: { S: 'hello world' } }
    expect(itemSize(keys) + itemSize({ ...keys, binary_key: { B: 'Zm9vYmFy' } })).toBe(70)
    const other = { my_partition_key: { S: 'testId0' } }
    expect(itemSize(other) + itemSize({ ...other, should_fail: { BOOL: false } })).toBe(58)
  })
})
