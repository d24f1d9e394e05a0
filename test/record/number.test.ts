import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { canonicalNumber, decodeNumber } from '../../src/record/number.ts'
import { shortDecimal } from '../../src/record/short-decimal.ts'

const path = 'dynamodb.NewImage.total.N'

// The decimal that `coefficient` × 10^`exponent` is, as a whole number of 10^-1200ths: an oracle that knows no text.
const scaled = (coefficient: bigint, exponent: number) => coefficient * 10n ** BigInt(exponent + 1200)

const coefficient = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
const exponent = fc.integer({ min: -140, max: 130 })

/** One decimal in several spellings. */
const spellings = fc
  .tuple(coefficient, exponent, fc.integer({ min: 0, max: 5 }), fc.constantFrom('e', 'E', 'e+', 'E+'))
  .map(([coefficient, exponent, zeros, e]) => {
    const size = (coefficient < 0n ? -coefficient : coefficient).toString()
    const sign = coefficient < 0n ? '-' : ''
    const letter = (power: number) => (power < 0 ? e.charAt(0) : e) + String(power)
    return {
      value: scaled(coefficient, exponent),
      texts: [
        `${sign}${size}${letter(exponent)}`,
        `${sign}${'0'.repeat(zeros)}${size}.${'0'.repeat(zeros)}${letter(exponent)}`,
        `${sign}${size}${'0'.repeat(zeros)}${letter(exponent - zeros)}`,
        `${sign}${size.slice(0, 1)}.${size.slice(1)}${letter(exponent + size.length - 1)}`,
        `${sign}.${size}${letter(exponent + size.length)}`,
      ],
    }
  })

describe('canonicalNumber', () => {
  test.for([
    ['1', '1'],
    ['1.0', '1'],
    ['1E0', '1'],
    ['1e+3', '1000'],
    ['100', '100'],
    ['+5', '5'],
    ['-0', '0'],
    ['0E125', '0'],
    ['-0.00', '0'],
    ['007.50', '7.5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-12.5e-3', '-0.0125'],
    ['1E-130', `0.${'0'.repeat(129)}1`],
    ['9.9E+125', `99${'0'.repeat(124)}`],
  ] as const)('spells %s as %s', ([text, canonical]) => {
    expect(canonicalNumber(text)).toBe(canonical)
  })

  test('gives every spelling of a decimal the same text, and that text is its own', () => {
    fc.assert(
      fc.property(spellings, ({ texts }) => {
        const canonical = texts.map(canonicalNumber)
        expect(new Set(canonical).size).toBe(1)
        expect(canonicalNumber(canonical[0] ?? '')).toBe(canonical[0])
      }),
    )
  })

  test('gives different decimals different texts', () => {
    fc.assert(
      fc.property(spellings, spellings, (a, b) => {
        expect(canonicalNumber(a.texts[0] ?? '') === canonicalNumber(b.texts[0] ?? '')).toBe(a.value === b.value)
      }),
    )
  })

  test('takes time in proportion to the text', () => {
    expect(canonicalNumber(`${'0'.repeat(200_000)}1.${'0'.repeat(200_000)}1`)).toBe(`1.${'0'.repeat(200_000)}1`)
  })
})

const notNumbers = [
  '',
  ' ',
  ' 1',
  '1 ',
  '0x10',
  '0b1',
  'NaN',
  'Infinity',
  '-Infinity',
  '1_0',
  '1,5',
  '1.2.3',
  '.',
  '-',
  '+',
  'e5',
  '1e',
  '--1',
  '+-1',
  '1n',
  '١',
  '1E1234',
  '1\n',
]

describe.for(['number', 'bigint', 'string'] as const)('numbers: %s', (mode) => {
  test.for(notNumbers)('refuses the text %j', (text) => {
    expect(() => decodeNumber(text, mode, path)).toThrow(DecodeError)
    expect(() => decodeNumber(text, mode, path)).toThrow(`${path}: expected a number as text, got `)
  })

  test.for([[1], [undefined], [null], [1n], [{}], [['1']]])('refuses %o, which is no text', ([value]) => {
    expect(() => decodeNumber(value, mode, path)).toThrow(DecodeError)
  })
})

describe("numbers: 'number'", () => {
  test.for([
    ['0', 0],
    ['42', 42],
    ['-9.99', -9.99],
    ['0.1', 0.1],
    ['1E+3', 1000],
    ['1.50', 1.5],
    ['.5', 0.5],
    ['9007199254740992', 2 ** 53],
    ['100000000000000000000', 1e20],
    ['1E+125', 1e125],
    ['1704067200.123', 1_704_067_200.123],
    ['123456789012345', 123_456_789_012_345],
  ] as const)('gives %s as a number', ([text, number]) => {
    expect(decodeNumber(text, 'number', path)).toBe(number)
  })

  test.for([
    '9007199254740993',
    '12345678901234567890',
    '12345678901234567890123456789012345678',
    '0.12345678901234567890',
    '1E+400',
    '1E-400',
    '1.0000000000000000000001',
  ])('refuses to round %s', (text) => {
    expect(() => decodeNumber(text, 'number', path)).toThrow(DecodeError)
  })

  test('says which number it was and what to do', () => {
    expect(() => decodeNumber('12345678901234567890', 'number', path)).toThrow(
      `${path}: 12345678901234567890 can't be held exactly by a JavaScript number; set numbers: 'bigint' or 'string'`,
    )
    expect(() => decodeNumber('0.12345678901234567890', 'number', path)).toThrow(/; set numbers: 'string'$/)
  })

  test('never rounds: what it gives prints the same decimal, and what it refuses would not have', () => {
    fc.assert(
      fc.property(spellings, ({ texts: [text = ''], value }) => {
        const printed = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(Number(text)))
        const [, sign = '', whole = '', fraction = '', power = '0'] = printed ?? []
        const isExact =
          printed !== null && scaled(BigInt(sign + whole + fraction), Number(power) - fraction.length) === value
        if (isExact) expect(decodeNumber(text, 'number', path)).toBe(Number(text))
        else expect(() => decodeNumber(text, 'number', path)).toThrow(DecodeError)
      }),
      { numRuns: 500 },
    )
  })

  test('gives back every double that JavaScript prints', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        expect(decodeNumber(String(double), 'number', path)).toBe(double === 0 ? 0 : double)
      }),
    )
  })
})

describe("numbers: 'bigint'", () => {
  test.for([
    ['5', 5n],
    ['5.00', 5n],
    ['1E+3', 1000n],
    ['-0', 0n],
    ['12345678901234567890123456789012345678', 12_345_678_901_234_567_890_123_456_789_012_345_678n],
    ['0.5', 0.5],
    ['-1.25', -1.25],
  ] as const)('gives %s as %s', ([text, decoded]) => {
    expect(decodeNumber(text, 'bigint', path)).toBe(decoded)
  })

  test('refuses to round a fraction', () => {
    expect(() => decodeNumber('0.12345678901234567890', 'bigint', path)).toThrow(/; set numbers: 'string'$/)
  })

  test('gives every whole number as the bigint it is', () => {
    fc.assert(
      fc.property(spellings, ({ texts, value }) => {
        fc.pre(value % 10n ** 1200n === 0n)
        for (const text of texts) expect(decodeNumber(text, 'bigint', path)).toBe(value / 10n ** 1200n)
      }),
    )
  })
})

test.for(['1.50', '1E+3', '12345678901234567890123456789012345678', '-0'])(
  "numbers: 'string' leaves %s alone",
  (text) => {
    expect(decodeNumber(text, 'string', path)).toBe(text)
  },
)

describe('shortDecimal', () => {
  test('gives what Number gives, to the bit, or nothing', () => {
    const text = fc.oneof(
      fc.stringMatching(/^-?\d{0,12}\.?\d{0,12}$/),
      fc.stringMatching(/^[-+.\d eE]{0,10}$/),
      fc.string(),
    )
    fc.assert(
      fc.property(text, (text) => {
        const isShort = /^-?\d+(?:\.\d+)?$/.test(text) && text.length <= 15
        expect(shortDecimal(text)).toBe(isShort ? Number(text) : undefined)
      }),
      { numRuns: 5000 },
    )
  })
})
