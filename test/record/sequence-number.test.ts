import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { compareSequenceNumbers, padSequenceNumber, parseSequenceNumber } from '../../src/record/sequence-number.ts'

const digits = fc.stringMatching(/^\d{1,40}$/)
const parse = (text: string) => parseSequenceNumber(text, 'dynamodb.SequenceNumber')

describe('parseSequenceNumber', () => {
  test.for(['0', '4421584500000000017450439091', '000000000000000000017', '9'.repeat(40)])(
    'takes %s as it is',
    (text) => {
      expect(parse(text)).toBe(text)
    },
  )

  test.for([[undefined], [null], [''], ['1'.repeat(41)], ['12a'], ['-1'], [' 1'], ['1\n'], ['٣'], [17], [17n], [{}]])(
    'refuses %o, with the path',
    ([text]) => {
      const refused = expect(() => parseSequenceNumber(text, 'dynamodb.SequenceNumber'))
      refused.toThrow(DecodeError)
      refused.toThrow(/^dynamodb\.SequenceNumber: expected a sequence number of 1 to 40 digits, got /)
    },
  )
})

describe('compareSequenceNumbers', () => {
  test('agrees with the numbers, however many leading zeros they have', () => {
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const difference = BigInt(a) - BigInt(b)
        expect(Math.sign(compareSequenceNumbers(parse(a), parse(b)))).toBe(
          difference > 0n ? 1 : difference < 0n ? -1 : 0,
        )
      }),
    )
  })

  test('takes a padded number, or the same one, for the same place', () => {
    expect(compareSequenceNumbers(parse('17'), parse('17'))).toBe(0)
    expect(compareSequenceNumbers(parse('000000000000000000017'), parse('17'))).toBe(0)
  })

  test('puts a longer number after a shorter one that would come later as text', () => {
    expect(compareSequenceNumbers(parse('1000'), parse('999'))).toBeGreaterThan(0)
  })
})

test('padded numbers compare as text', () => {
  fc.assert(
    fc.property(digits, digits, (a, b) => {
      const [left, right] = [padSequenceNumber(parse(a)), padSequenceNumber(parse(b))]
      expect([left.length, right.length]).toEqual([40, 40])
      expect(left < right).toBe(BigInt(a) < BigInt(b))
    }),
  )
})
