import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addNumbers, compareNumbers, normalizeNumber, subtractNumbers } from '../../src/embedded/decimal.ts'

// The decimal that `coefficient` × 10^`exponent` is, as a whole number of 10^-200ths: an oracle that knows no text.
const scaled = (coefficient: bigint, exponent: number) => coefficient * 10n ** BigInt(exponent + 200)

const scaledText = (text: string) => {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const size = BigInt(whole + fraction.padEnd(200, '0'))
  return text.startsWith('-') ? -size : size
}

const decimal = fc
  .record({
    coefficient: fc.oneof(
      fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
      fc.bigInt({ min: -99n, max: 99n }),
    ),
    exponent: fc.oneof(fc.integer({ min: -130, max: 80 }), fc.integer({ min: -2, max: 2 })),
  })
  .map(({ coefficient, exponent }) => ({ text: `${coefficient}E${exponent}`, value: scaled(coefficient, exponent) }))

const overflow = 'Number overflow. Attempting to store a number with magnitude larger than supported range'
const underflow = 'Number underflow. Attempting to store a number with magnitude smaller than supported range'
const digits = '12345678901234567890123456789012345678'

describe('normalizeNumber', () => {
  test.for([
    ['0', '0'],
    ['-0', '0'],
    ['0e1000', '0'],
    ['0.000', '0'],
    ['1.0', '1'],
    ['+5', '5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-.50', '-0.5'],
    ['00012', '12'],
    ['1e2', '100'],
    ['1E+2', '100'],
    ['123e-5', '0.00123'],
    ['-1.50E1', '-15'],
    [digits, digits],
    [`${digits}00`, `${digits}00`],
    [`0.${digits}`, `0.${digits}`],
    ['1e125', `1${'0'.repeat(125)}`],
    ['1e-130', `0.${'0'.repeat(129)}1`],
    ['999999999999999', '999999999999999'],
    ['9999999999999999', '9999999999999999'],
  ] as const)('%s is %s', ([text, expected]) => {
    expect(normalizeNumber(text)).toBe(expected)
  })

  test.for([
    ['', 'The parameter cannot be converted to a numeric value'],
    ['abc', 'The parameter cannot be converted to a numeric value: abc'],
    [' 5', 'The parameter cannot be converted to a numeric value:  5'],
    ['NaN', 'The parameter cannot be converted to a numeric value: NaN'],
    ['0x10', 'The parameter cannot be converted to a numeric value: 0x10'],
    ['1e', 'The parameter cannot be converted to a numeric value: 1e'],
    ['.', 'The parameter cannot be converted to a numeric value: .'],
    ['1e126', overflow],
    ['-1e126', overflow],
    ['1e99999999999', overflow],
    ['1e-131', underflow],
    ['-9e-131', underflow],
    [`${digits}9`, 'Attempting to store more than 38 significant digits in a Number'],
  ] as const)('refuses %s', ([text, message]) => {
    expect(() => normalizeNumber(text)).toThrow(expect.objectContaining({ name: 'ValidationException', message }))
  })

  test('keeps the value and is the same for every spelling', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 5 }), ({ text, value }, zeros) => {
        const [coefficient = '', exponent = '0'] = text.split('E')
        let normal: string
        try {
          normal = normalizeNumber(text)
        } catch {
          return
        }
        expect(scaledText(normal)).toBe(value)
        expect(normalizeNumber(normal)).toBe(normal)
        expect(normalizeNumber(`${coefficient}${'0'.repeat(zeros)}e${Number(exponent) - zeros}`)).toBe(normal)
      }),
    )
  })
})

describe('compareNumbers', () => {
  test('orders by value', () => {
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        const expected = left.value < right.value ? -1 : Number(left.value > right.value)
        expect(Math.sign(compareNumbers(left.text, right.text))).toBe(expected)
      }),
    )
  })

  test.for([
    ['1', '1.0'],
    ['1e2', '100'],
    ['-0', '0'],
    ['0.10', '.1'],
  ] as const)('%s equals %s', ([left, right]) => {
    expect(compareNumbers(left, right) === 0).toBe(true)
  })

  test('knows digits that a double has not', () => {
    expect(compareNumbers(digits, `${digits.slice(0, -1)}9`)).toBeLessThan(0)
    expect(compareNumbers(`-${digits}`, `-${digits.slice(0, -1)}9`)).toBeGreaterThan(0)
  })
})

describe('addNumbers and subtractNumbers', () => {
  test.for([
    ['1', '2', '3'],
    ['0.1', '0.2', '0.3'],
    ['5', '-5', '0'],
    ['999999999999999', '999999999999999', '1999999999999998'],
    ['1', '1e-37', `1.${'0'.repeat(36)}1`],
    ['9'.repeat(38), '1', `1${'0'.repeat(38)}`],
    ['1e50', '1e50', `2${'0'.repeat(50)}`],
  ] as const)('%s + %s is %s', ([left, right, sum]) => {
    expect(addNumbers(left, right)).toBe(sum)
  })

  test.for([
    ['9e125', '9e125', overflow],
    ['1e50', '1', overflow],
    ['1', '1e-38', overflow],
    ['1.55e-129', '-1.5e-129', underflow],
  ] as const)('refuses %s + %s', ([left, right, message]) => {
    expect(() => addNumbers(left, right)).toThrow(expect.objectContaining({ name: 'ValidationException', message }))
  })

  test('are exact, and each undoes the other', () => {
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        let sum: string
        try {
          sum = addNumbers(left.text, right.text)
        } catch {
          return
        }
        expect(scaledText(sum)).toBe(left.value + right.value)
        const negative = right.text.startsWith('-') ? right.text.slice(1) : `-${right.text}`
        expect(subtractNumbers(left.text, negative)).toBe(sum)
      }),
    )
  })
})
