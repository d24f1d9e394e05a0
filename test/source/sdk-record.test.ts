import type { _Record } from '@aws-sdk/client-dynamodb-streams'
import { expect, test } from 'vitest'
import { decodeRecord, locate } from '../../src/record/decode.ts'
import { fromSdkRecord } from '../../src/source/sdk-record.ts'

const streamArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/files/stream/2024-01-01T00:00:00.000'

const record: _Record = {
  eventID: 'e-1',
  eventName: 'REMOVE',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  dynamodb: {
    ApproximateCreationDateTime: new Date('2024-01-01T00:00:00Z'),
    Keys: { hash: { B: Uint8Array.of(1, 2, 3) } },
    OldImage: { hash: { B: Uint8Array.of(1, 2, 3) }, size: { N: '5' } },
    SequenceNumber: '100000000000000000001',
    SizeBytes: 12,
    StreamViewType: 'OLD_IMAGE',
  },
}

const asLambdaSendsIt = {
  eventID: 'e-1',
  eventName: 'REMOVE',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  eventSourceARN: streamArn,
  dynamodb: {
    ApproximateCreationDateTime: 1_704_067_200,
    Keys: { hash: { B: 'AQID' } },
    OldImage: { hash: { B: 'AQID' }, size: { N: '5' } },
    SequenceNumber: '100000000000000000001',
    SizeBytes: 12,
    StreamViewType: 'OLD_IMAGE',
  },
}

const decode = (raw: unknown) => decodeRecord(locate(raw), { numbers: 'number' })

test('a record of the SDK decodes to what the same record of a Lambda event decodes to', () => {
  expect(decode(fromSdkRecord(record, streamArn))).toStrictEqual(decode(asLambdaSendsIt))
})

test('a delete by time to live is recognised in the spelling of the SDK too', () => {
  const userIdentity = { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }
  expect(decode(fromSdkRecord({ ...record, userIdentity }, streamArn)).expired).toBe(true)
})

test('a record that carries no identity gets none', () => {
  expect('userIdentity' in fromSdkRecord(record, streamArn)).toBe(false)
})

test('the record it was given stays as it was', () => {
  const before = structuredClone(record)
  fromSdkRecord(record, streamArn)
  expect(record).toEqual(before)
})
