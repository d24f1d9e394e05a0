import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { parseFailureDocument } from '../../src/source/failure-document.ts'
import { hostile } from '../record/attribute-values.ts'
import { lambdaEvent, streamArn } from '../support/events.ts'

const info = {
  shardId: 'shardId-1',
  startSequenceNumber: '100',
  endSequenceNumber: '102',
  batchSize: 3,
  streamArn,
}
const pointer = { version: '1.0', requestContext: {}, DDBStreamBatchInfo: info }
const range = { streamArn, shardId: 'shardId-1', start: '100', end: '102', batchSize: 3 }

test('a document without its records says where they were', () => {
  expect(parseFailureDocument(pointer)).toEqual({ holds: 'range', range })
})

test('one of S3 has them, as an object or as text', () => {
  const event = lambdaEvent({ key: 'A', sequence: 100 })
  const expected = { holds: 'records', records: event.Records, shardId: 'shardId-1' }
  expect(parseFailureDocument({ ...pointer, payload: event })).toEqual(expected)
  expect(parseFailureDocument(JSON.stringify({ ...pointer, payload: JSON.stringify(event) }))).toEqual(expected)
})

test('is found in whatever it was sent in', () => {
  const text = JSON.stringify(pointer)
  const notification = { Type: 'Notification', TopicArn: 'arn:aws:sns:eu-central-1:1:t', Message: text }
  for (const envelope of [
    { messageId: 'm', body: text },
    { MessageId: 'm', Body: text },
    notification,
    { EventSource: 'aws:sns', Sns: notification },
    { messageId: 'm', body: JSON.stringify(notification) },
    { 'detail-type': 'x', detail: pointer },
  ])
    expect(parseFailureDocument(envelope)).toEqual({ holds: 'range', range })
})

test('says what is wrong with any other', () => {
  expect(() => parseFailureDocument('nonsense')).toThrow(/document: expected a document as JSON/)
  expect(() => parseFailureDocument({})).toThrow(/what Lambda sends to an on-failure destination/)
  expect(() => parseFailureDocument({ ...pointer, DDBStreamBatchInfo: { ...info, shardId: 7 } })).toThrow(
    'document.DDBStreamBatchInfo.shardId: expected a text, got 7',
  )
  expect(() => parseFailureDocument({ ...pointer, payload: { Records: 'x' } })).toThrow(/document\.payload\.Records/)
  expect(() => parseFailureDocument({ kind: 'tidemark.dead-letter', version: 2 })).toThrow(
    /a newer tidemark may read it|newer/,
  )
  fc.assert(
    fc.property(fc.oneof(hostile, fc.record({ DDBStreamBatchInfo: hostile, payload: hostile })), (document) => {
      try {
        parseFailureDocument(document)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
      }
    }),
  )
})
