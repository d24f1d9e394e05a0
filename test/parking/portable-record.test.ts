import fc from 'fast-check'
import { expect, test } from 'vitest'
import { portableRecord } from '../../src/parking/portable-record.ts'
import { decodeRecord, locate } from '../../src/record/decode.ts'
import type { RawRecord } from '../../src/source/source.ts'
import { attributeMap } from '../record/attribute-values.ts'
import { streamArn } from '../support/events.ts'

function fromSdk(image: unknown): RawRecord {
  return {
    eventID: 'e1',
    eventName: 'INSERT',
    eventSourceARN: streamArn,
    awsRegion: 'eu-central-1',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    dynamodb: {
      ApproximateCreationDateTime: new Date(1_767_225_600_000),
      Keys: { pk: { S: 'a' } },
      NewImage: image as NonNullable<RawRecord['dynamodb']>['NewImage'],
      SequenceNumber: '100',
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}

test('a record read by the SDK decodes to the same after it was written as JSON', () => {
  fc.assert(
    fc.property(attributeMap, (image) => {
      const record = fromSdk(image)
      const again = JSON.parse(JSON.stringify(portableRecord(record))) as RawRecord
      expect(decodeRecord(locate(again), { numbers: 'string' })).toEqual(
        decodeRecord(locate(record), { numbers: 'string' }),
      )
    }),
  )
})

test('keeps digits that no number holds, names that objects have, and fields that nobody knows', () => {
  const text =
    '{"eventID":"e1","later":{"field":[1,null]},"dynamodb":{"NewImage":{"__proto__":{"N":"1E+3"},' +
    '"n":{"N":"12345678901234567890123456789012345678"},"nothing":{"M":{}}}}}'
  expect(JSON.stringify(portableRecord(JSON.parse(text) as RawRecord))).toBe(text)
})

test('binary becomes base64, and a time epoch seconds', () => {
  const { dynamodb } = portableRecord(fromSdk({ b: { B: Uint8Array.of(1, 2, 3) }, bs: { BS: [Uint8Array.of(255)] } }))
  expect(dynamodb).toMatchObject({
    ApproximateCreationDateTime: 1_767_225_600,
    NewImage: { b: { B: 'AQID' }, bs: { BS: ['/w=='] } },
  })
})
