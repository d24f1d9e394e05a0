import { describe, expect, test } from 'vitest'
import { aligned, fit } from '../../src/cli/screen.ts'

describe('a text that is cut', () => {
  test.each([
    ['order', 5, 'order'],
    ['orders', 5, 'orde…'],
    ['寿司', 4, '寿司'],
    ['寿司です', 6, '寿司…'],
    ['寿司です', 5, '寿司…'],
    ['👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3, '👩‍👩‍👧‍👦…'],
    ['e\u0301te\u0301', 3, 'e\u0301te\u0301'],
    ['a\u001B[2Jb\n', 20, 'a [2Jb '],
  ])('%s in %i columns is %s', (text, width, shown) => {
    expect(fit(text, width)).toBe(shown)
  })
})

test('columns stand below each other, however wide the letters are', () => {
  expect(
    aligned([
      ['ITEM', 'N'],
      ['寿司', '1'],
      ['a', '2'],
    ]),
  ).toEqual(['ITEM  N', '寿司  1', 'a     2'])
})
