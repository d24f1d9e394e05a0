import fc from 'fast-check'

/** A number's text whose every mode of decoding is exact, within the range that `unmarshall` gives as a number too. */
const exactNumberText: fc.Arbitrary<string> = fc.oneof(
  fc.maxSafeInteger().map(String),
  fc
    .tuple(fc.integer({ min: -999_999_999, max: 999_999_999 }), fc.integer({ min: 1, max: 6 }))
    .map(([digits, places]) => `${digits}.${'0'.repeat(places - 1)}5`),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
    .filter((double) => double === 0 || Math.abs(double) > 1e-120)
    .map(String),
  fc.constantFrom('0', '-0', '0.0', '1.50', '1E+3', '1e3', '12E-5', '-7.000', '007'),
)

/** Names of attributes, with those that an object has already among them. */
const attributeName: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length', 'S', 'M', '', '0', '17'),
)

const bytes = fc.uint8Array({ maxLength: 12 })

/** An item as the SDK gives it, with every type of value, nested. */
export const attributeMap = fc.letrec<{ value: unknown; map: Record<string, unknown> }>((tie) => ({
  map: fc.dictionary(attributeName, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string().map((S) => ({ S })),
    exactNumberText.map((N) => ({ N })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    bytes.map((B) => ({ B })),
    fc.uniqueArray(fc.string(), { maxLength: 4 }).map((SS) => ({ SS })),
    fc.uniqueArray(exactNumberText, { maxLength: 4 }).map((NS) => ({ NS })),
    fc.array(bytes, { maxLength: 3 }).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
    tie('map').map((M) => ({ M })),
  ),
})).map

/** Anything at all, and things that come close to an item: known types with wrong fields in them. */
export const hostile: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown; near: unknown }>((tie) => ({
  any: fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    key: fc.oneof(attributeName, fc.constantFrom('__proto__', 'toJSON', 'N', 'L', 'SS', 'NS', 'BS', 'B', 'NULL')),
  }),
  near: fc.oneof(
    { maxDepth: 5 },
    tie('any'),
    fc.dictionary(
      fc.oneof(attributeName, fc.constantFrom('__proto__', 'S', 'N', 'B', 'M', 'L', 'SS', 'NS', 'BS', 'BOOL', 'NULL')),
      tie('near'),
      { maxKeys: 2 },
    ),
    fc.array(tie('near'), { maxLength: 3 }),
  ),
})).near
