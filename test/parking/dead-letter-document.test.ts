import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadLetterDocument, fittedText } from '../../src/parking/dead-letter-document.ts'
import { describeError } from '../../src/parking/error-description.ts'
import { decodeRecord, locate } from '../../src/record/decode.ts'
import { parseFailureDocument } from '../../src/source/failure-document.ts'
import type { RawRecord } from '../../src/source/source.ts'
import { attributeMap, hostile } from '../record/attribute-values.ts'
import { letter, record } from './letters.ts'

const schema = JSON.parse(readFileSync('docs/dead-letter.schema.json', 'utf8')) as object
const validate = new Ajv2020({ strict: true, strictRequired: false }).compile(schema)

function expectValid(text: string): void {
  validate(JSON.parse(text))
  expect(validate.errors).toBeNull()
}

test('a letter is a document of the published schema, whatever was thrown and whatever the item holds', () => {
  fc.assert(
    fc.property(attributeMap, hostile, fc.boolean(), (image, thrown, failedItself) => {
      const raw = { ...record('A', 100), dynamodb: { ...record('A', 100).dynamodb, NewImage: image } } as RawRecord
      const { error: _error, firstFailedAt: _at, ...follower } = letter('A', 100, { record: raw, shardId: 'shardId-1' })
      const full = failedItself ? { ...follower, firstFailedAt: 1, error: describeError(thrown) } : follower
      const text = JSON.stringify(deadLetterDocument(full))
      expectValid(text)
      const read = parseFailureDocument(text)
      expect(read).toMatchObject({ holds: 'records', shardId: 'shardId-1' })
      const [again = {}] = read.holds === 'records' ? read.records : []
      const options = { numbers: 'string' } as const
      expect(decodeRecord(locate(again), options)).toEqual(decodeRecord(locate(raw), options))
    }),
  )
})

test('the schema refuses what is no letter', () => {
  const document = deadLetterDocument(letter('A', 100))
  for (const wrong of [
    { version: 2 },
    { attempts: '3' },
    { sequenceNumber: 'x' },
    { record: undefined },
    { omitted: { reason: 'too-large', bytes: 1 } },
  ])
    expect(validate(JSON.parse(JSON.stringify({ ...document, ...wrong }))), JSON.stringify(wrong)).toBe(false)
})

test('a letter that is too large leaves its record out, and says where it is', async () => {
  const large = deadLetterDocument(letter('A', 100, { record: record('A', 100, 300_000) }))
  const omitted = await fittedText(large, 260_000, undefined)
  expectValid(omitted)
  expect(JSON.parse(omitted)).toMatchObject({ omitted: { reason: 'too-large', bytes: JSON.stringify(large).length } })
  expect(() => parseFailureDocument(omitted)).toThrow(/it is parked with consumer "receipts": redrive it there/)
  const stored = await fittedText(large, 260_000, () => Promise.resolve({ bucket: 'b', key: 'k' }))
  expectValid(stored)
  expect(parseFailureDocument(stored)).toEqual({ holds: 'object', bucket: 'b', key: 'k' })
})

test('an error of any size fits into a message of 256 KB', async () => {
  const text = '\u0001'.repeat(100_000)
  const chain = [1, 2, 3, 4, 5, 6, 7, 8].reduce<Error | undefined>(
    (cause) => Object.assign(new Error(text, { cause }), { stack: text, code: text, name: text }),
    undefined,
  )
  const document = deadLetterDocument(
    letter('A', 100, { error: describeError(chain), record: record('A', 1, 300_000) }),
  )
  const fitted = await fittedText(document, 260_000, undefined)
  expectValid(fitted)
  expect(Buffer.byteLength(fitted)).toBeLessThan(260_000)
  expect(fitted).not.toContain('"stack"')
})

test('an error of any size fits into the smallest message that a sink may send', async () => {
  const text = '\u0001'.repeat(100_000)
  const chain = [1, 2, 3, 4, 5, 6].reduce<Error | undefined>(
    (cause) => Object.assign(new Error(text, { cause }), { stack: text, code: text, name: text }),
    undefined,
  )
  const fitted = await fittedText(
    deadLetterDocument(letter('A', 100, { error: describeError(chain) })),
    14_336,
    undefined,
  )
  expectValid(fitted)
  expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(14_336)
  expect(JSON.parse(fitted)).toMatchObject({ sequenceNumber: '100', omitted: { reason: 'too-large' } })
})

test('bytes count and not characters', async () => {
  const document = deadLetterDocument(letter('ü', 100, { error: describeError(new Error('ü'.repeat(3_000))) }))
  const characters = JSON.stringify(document).length
  expect(JSON.parse(await fittedText(document, characters + 10, undefined))).toHaveProperty('omitted')
})
