import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { DecodeError } from '../../src/errors.ts'
import { decodeRecord, locate } from '../../src/record/decode.ts'
import { hostile } from './attribute-values.ts'

const streamArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2024-01-01T00:00:00.000'

const images = {
  NewImage: { id: { S: 'order-1' }, total: { N: '12.50' } },
  OldImage: { id: { S: 'order-1' }, total: { N: '10' } },
}

interface Changes {
  readonly dynamodb?: Record<string, unknown>
  readonly [field: string]: unknown
}

/** An event of Lambda's, with some of its fields in other words; `undefined` takes a field out. */
function lambdaRecord({ dynamodb, ...fields }: Changes = {}): unknown {
  const record = {
    eventID: 'c9fbe7d0261a5163fcb6940593e41797',
    eventName: 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_704_067_200,
      Keys: { id: { S: 'order-1' } },
      ...images,
      SequenceNumber: '4421584500000000017450439091',
      SizeBytes: 26,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      ...dynamodb,
    },
    eventSourceARN: streamArn,
    ...fields,
  }
  return JSON.parse(JSON.stringify(record))
}

const decode = (raw: unknown) => decodeRecord(locate(raw), { numbers: 'number' })

describe('locate', () => {
  test('finds where a record stands, and keeps it as it came', () => {
    const raw = lambdaRecord()
    expect(locate(raw)).toEqual({
      sequenceNumber: '4421584500000000017450439091',
      stream: {
        streamArn,
        region: 'us-east-1',
        accountId: '123456789012',
        tableName: 'orders',
        streamLabel: '2024-01-01T00:00:00.000',
      },
      raw,
    })
    expect(locate(raw).raw).toBe(raw)
  })

  test('does so whatever else is wrong with it', () => {
    const raw = lambdaRecord({ eventID: 5, eventName: 'TRUNCATE', dynamodb: { Keys: 'none', NewImage: [] } })
    expect(locate(raw).sequenceNumber).toBe('4421584500000000017450439091')
  })

  test('takes a record that does not name its source', () => {
    expect(() => locate(lambdaRecord({ eventSource: undefined }))).not.toThrow()
  })

  test.for<[string, unknown, RegExp]>([
    ['no record', null, /^record: expected a stream record, got null$/],
    ['a text', 'record', /^record: expected a stream record, got "record"$/],
    ['an empty record', {}, /^dynamodb: expected what changed, got undefined$/],
    [
      'a record of SQS',
      lambdaRecord({ eventSource: 'aws:sqs' }),
      /^eventSource: expected aws:dynamodb.*got "aws:sqs"$/,
    ],
    ['no change', { ...locate(lambdaRecord()).raw, dynamodb: 1 }, /^dynamodb: expected what changed, got 1$/],
    ['no sequence number', lambdaRecord({ dynamodb: { SequenceNumber: undefined } }), /^dynamodb\.SequenceNumber: /],
    ['an odd sequence number', lambdaRecord({ dynamodb: { SequenceNumber: 'first' } }), /^dynamodb\.SequenceNumber: /],
    ['no ARN', lambdaRecord({ eventSourceARN: undefined }), /^eventSourceARN: .*got undefined$/],
    ['the ARN of a table', lambdaRecord({ eventSourceARN: streamArn.split('/stream')[0] }), /^eventSourceARN: /],
  ])('refuses %s', ([, raw, message]) => {
    expect(() => locate(raw)).toThrow(DecodeError)
    expect(() => locate(raw)).toThrow(message)
  })
})

describe('decodeRecord', () => {
  test('gives every field of a change its name and type', () => {
    expect(decode(lambdaRecord())).toStrictEqual({
      eventName: 'MODIFY',
      eventId: 'c9fbe7d0261a5163fcb6940593e41797',
      keys: { id: 'order-1' },
      sequenceNumber: '4421584500000000017450439091',
      streamArn,
      tableName: 'orders',
      region: 'us-east-1',
      createdAt: new Date('2024-01-01T00:00:00.000Z'),
      sizeBytes: 26,
      viewType: 'NEW_AND_OLD_IMAGES',
      expired: false,
      newImage: { id: 'order-1', total: 12.5 },
      oldImage: { id: 'order-1', total: 10 },
    })
  })

  test('decodes numbers as asked for, in keys and images', () => {
    const location = locate(lambdaRecord({ dynamodb: { Keys: { id: { N: '7' } } } }))
    expect(decodeRecord(location, { numbers: 'string' })).toMatchObject({
      keys: { id: '7' },
      newImage: { total: '12.50' },
    })
    expect(decodeRecord(location, { numbers: 'bigint' })).toMatchObject({ keys: { id: 7n }, oldImage: { total: 10n } })
  })

  test('names the shard when it is known, and has no such field when not', () => {
    expect(decodeRecord(locate(lambdaRecord()), { numbers: 'number', shardId: 'shardId-1' }).shardId).toBe('shardId-1')
    expect('shardId' in decode(lambdaRecord())).toBe(false)
  })

  test('takes the region from the ARN when the record does not say', () => {
    expect(decode(lambdaRecord({ awsRegion: 'eu-west-1' })).region).toBe('eu-west-1')
    expect(decode(lambdaRecord({ awsRegion: undefined })).region).toBe('us-east-1')
  })

  test('reads a fraction of a second', () => {
    const raw = lambdaRecord({ dynamodb: { ApproximateCreationDateTime: 1_704_067_200.25 } })
    expect(decode(raw).createdAt).toEqual(new Date('2024-01-01T00:00:00.250Z'))
  })

  test('takes a record without a size, as emulators write it', () => {
    expect(decode(lambdaRecord({ dynamodb: { SizeBytes: undefined } })).sizeBytes).toBe(0)
  })

  test('takes a record without a time, as sample events write it, and says that it has none', () => {
    const { createdAt } = decode(lambdaRecord({ dynamodb: { ApproximateCreationDateTime: undefined } }))
    expect(createdAt.getTime()).toBeNaN()
  })

  test('ignores fields it does not know', () => {
    expect(() => decode(lambdaRecord({ tableName: 5, dynamodb: { Lsn: [] } }))).not.toThrow()
  })
})

describe('images', () => {
  const carried = (eventName: string, StreamViewType: string) => {
    const carriesNew = eventName !== 'REMOVE' && StreamViewType.startsWith('NEW')
    const carriesOld = eventName !== 'INSERT' && StreamViewType.includes('OLD')
    return { newImage: carriesNew, oldImage: carriesOld }
  }

  const cases = ['INSERT', 'MODIFY', 'REMOVE'].flatMap((eventName) =>
    ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'].map((viewType) => [eventName, viewType] as const),
  )

  test.for(cases)(
    'of %s in a stream of %s are those that it carries, and no other name is there',
    ([eventName, viewType]) => {
      const { newImage, oldImage } = carried(eventName, viewType)
      const dynamodb = {
        StreamViewType: viewType,
        NewImage: newImage ? images.NewImage : undefined,
        OldImage: oldImage ? images.OldImage : undefined,
      }
      const record = decode(lambdaRecord({ eventName, dynamodb }))
      expect({ newImage: 'newImage' in record, oldImage: 'oldImage' in record }).toEqual({ newImage, oldImage })
    },
  )

  test.for(
    cases.flatMap(([eventName, viewType]) =>
      Object.entries(carried(eventName, viewType)).flatMap(([image, isCarried]) =>
        isCarried ? [[eventName, viewType, image === 'newImage' ? 'NewImage' : 'OldImage'] as const] : [],
      ),
    ),
  )('of %s in a stream of %s may not lack %s', ([eventName, viewType, image]) => {
    for (const missing of [undefined, null]) {
      const raw = lambdaRecord({ eventName, dynamodb: { StreamViewType: viewType, [image]: missing } })
      expect(() => decode(raw)).toThrow(DecodeError)
      expect(() => decode(raw)).toThrow(
        `dynamodb.${image}: missing, though the stream's view type ${viewType} promises it`,
      )
    }
  })

  test('are decoded where the view type does not promise them', () => {
    expect(decode(lambdaRecord({ dynamodb: { StreamViewType: 'KEYS_ONLY' } }))).toHaveProperty('newImage.total', 12.5)
  })

  test('that the event can not have are left out', () => {
    expect('oldImage' in decode(lambdaRecord({ eventName: 'INSERT' }))).toBe(false)
    expect('newImage' in decode(lambdaRecord({ eventName: 'REMOVE' }))).toBe(false)
  })
})

describe('expired', () => {
  const timeToLive = { type: 'Service', principalId: 'dynamodb.amazonaws.com' }

  test.for<[string, unknown, boolean]>([
    ['REMOVE', timeToLive, true],
    ['REMOVE', { ...timeToLive, type: 'User' }, false],
    ['REMOVE', { ...timeToLive, principalId: 'somebody' }, false],
    ['REMOVE', null, false],
    ['REMOVE', 'Service', false],
    ['REMOVE', undefined, false],
    ['MODIFY', timeToLive, false],
  ])('of %s by %o is %s', ([eventName, userIdentity, expired]) => {
    expect(decode(lambdaRecord({ eventName, userIdentity })).expired).toBe(expired)
  })
})

describe('a field that can not be read', () => {
  test.for<[string, Changes]>([
    ['eventID', { eventID: undefined }],
    ['eventID', { eventID: '' }],
    ['eventID', { eventID: 5 }],
    ['eventName', { eventName: undefined }],
    ['eventName', { eventName: 'insert' }],
    ['eventName', { eventName: 'TRUNCATE' }],
    ['dynamodb.Keys', { dynamodb: { Keys: undefined } }],
    ['dynamodb.Keys.id.N', { dynamodb: { Keys: { id: { N: 'one' } } } }],
    ['dynamodb.NewImage.total.N', { dynamodb: { NewImage: { total: { N: '9007199254740993' } } } }],
    ['dynamodb.OldImage', { dynamodb: { OldImage: 'x' } }],
    ['dynamodb.ApproximateCreationDateTime', { dynamodb: { ApproximateCreationDateTime: '1678831218.0' } }],
    ['dynamodb.ApproximateCreationDateTime', { dynamodb: { ApproximateCreationDateTime: 1e300 } }],
    ['dynamodb.SizeBytes', { dynamodb: { SizeBytes: '26' } }],
    ['dynamodb.StreamViewType', { dynamodb: { StreamViewType: undefined } }],
    ['dynamodb.StreamViewType', { dynamodb: { StreamViewType: 'EVERYTHING' } }],
  ])('is a DecodeError at %s for %j', ([path, changes]) => {
    const refused = expect(() => decode(lambdaRecord(changes)))
    refused.toThrow(DecodeError)
    refused.toThrow(expect.objectContaining({ path }))
  })
})

test('nothing but a DecodeError is thrown, whatever a record holds', () => {
  const record = fc.record(
    {
      eventID: fc.oneof(fc.constant('1'), hostile),
      eventName: fc.oneof(fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'), hostile),
      eventSource: fc.oneof(fc.constant('aws:dynamodb'), hostile),
      eventSourceARN: fc.oneof(fc.constant(streamArn), hostile),
      awsRegion: hostile,
      userIdentity: hostile,
      dynamodb: fc.record(
        {
          ApproximateCreationDateTime: fc.oneof(fc.constant(1), hostile),
          Keys: hostile,
          NewImage: hostile,
          OldImage: hostile,
          SequenceNumber: fc.oneof(fc.constant('1'), hostile),
          SizeBytes: fc.oneof(fc.constant(1), hostile),
          StreamViewType: fc.oneof(fc.constant('NEW_IMAGE'), hostile),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(record, hostile), (raw) => {
      try {
        decode(raw)
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }),
    { numRuns: 1000 },
  )
})
