import { createServer, type Server } from 'node:http'
import { EventBridge } from '@aws-sdk/client-eventbridge'
import { S3 } from '@aws-sdk/client-s3'
import { SNS } from '@aws-sdk/client-sns'
import { SendMessageCommand, SQS, SQSClient } from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  eventBridgeSink,
  processFailureDocument,
  readFailureDocument,
  s3Sink,
  snsSink,
  sqsSink,
} from '../../../src/dead-letters.ts'
import { ConfigurationError, createConsumer, memoryLedger, silentLogger, type RawRecord } from '../../../src/index.ts'
import { isSystemicAwsError } from '../../../src/internal/aws-error.ts'
import { describeError } from '../../../src/parking/error-description.ts'
import { letter, record } from '../letters.ts'

let server: FauxqsServer
let clients: { readonly sqs: SQS; readonly sns: SNS; readonly s3: S3 }

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false })
  const config = { endpoint: server.address, region: 'us-east-1', credentials }
  clients = { sqs: new SQS(config), sns: new SNS(config), s3: new S3({ ...config, forcePathStyle: true }) }
})

afterAll(async () => {
  for (const client of Object.values(clients)) client.destroy()
  await server.stop()
})

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

/** All messages of a queue, one after the other. */
async function received(QueueUrl: string) {
  const messages = []
  for (;;) {
    const { Messages = [] } = await clients.sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ['All'] })
    if (Messages.length === 0) return messages
    for (const message of Messages) {
      messages.push(message)
      await clients.sqs.deleteMessage({ QueueUrl, ReceiptHandle: message.ReceiptHandle ?? '' })
    }
  }
}

async function records(document: unknown, options = {}): Promise<RawRecord[]> {
  const read: RawRecord[] = []
  for await (const batch of readFailureDocument(document, options)) read.push(...batch.records)
  return read
}

test('a consumer that parks tells its sinks, and another that is well processes what they hold', async () => {
  const { queueUrl } = server.createQueue('parked')
  const sink = sqsSink({ client: clients.sqs, queueUrl })
  const common = { name: 'receipts', logger: silentLogger, retry: { maxAttempts: 1 } }
  const sick = createConsumer({
    ...{ ...common, ledger: memoryLedger(), onFailure: 'park', parking: { sinks: [sink] } },
    handler() {
      throw new Error('out of order')
    },
  })
  const { settlements } = await sick.process({ records: [record('A', 100), record('A', 101), record('B', 102)] })
  expect(settlements).toEqual(['parked', 'parked', 'parked'])
  const effects: string[] = []
  const well = createConsumer({ ...common, handler: ({ sequenceNumber }) => void effects.push(sequenceNumber) })
  for (const message of await received(queueUrl)) await processFailureDocument(well, message)
  expect(effects.toSorted()).toEqual(['100', '102'])
})

describe('sqsSink', () => {
  test('sends the whole letter, which reads back as the record it is about', async () => {
    const { queueUrl } = server.createQueue('letters')
    await sqsSink({ client: clients.sqs, queueUrl }).deliver(letter('A', 100))
    const [message] = await received(queueUrl)
    expect(await records(message)).toEqual([record('A', 100)])
    expect(message?.MessageAttributes).toMatchObject({
      consumer: { StringValue: 'receipts' },
      tableName: { StringValue: 'orders' },
      error: { StringValue: 'Error' },
    })
  })

  test("a FIFO queue keeps an item's letters in order, and takes each once", async () => {
    const { queueUrl } = server.createQueue('letters.fifo', { attributes: { FifoQueue: 'true' } })
    const sink = sqsSink({ client: clients.sqs, queueUrl })
    // Two records that share an idempotency key, as two messages of one key do, are two letters.
    for (const [key, sequence] of [
      ['A', 9],
      ['B', 10],
      ['A', 11],
      ['A', 11],
      ['A', 100],
    ] as const)
      await sink.deliver(letter(key, sequence, { idempotencyKey: 'shared' }))
    const bodies = (await received(queueUrl)).map(({ Body = '' }) => JSON.parse(Body) as Record<string, string>)
    const sent = bodies.map(({ laneKey, sequenceNumber }) => `${laneKey?.at(-1)}${sequenceNumber}`)
    expect(sent.filter((text) => text.startsWith('A'))).toEqual(['A9', 'A11', 'A100'])
    expect(sent).toHaveLength(4)
  })

  test('a letter that no message can hold goes to S3, and the message says where', async () => {
    const { queueUrl } = server.createQueue('large-letters')
    server.createBucket('overflow')
    const overflow = s3Sink({ client: clients.s3, bucket: 'overflow' })
    const large = letter('A', 100, { record: record('A', 100, 700_000) })
    await sqsSink({ client: clients.sqs, queueUrl, overflow }).deliver(large)
    const [message] = await received(queueUrl)
    expect(message?.Body?.length).toBeLessThan(10_000)
    expect(await records(message, { s3: clients.s3 })).toEqual([large.record])
    await expect(records(message)).rejects.toThrow(
      /the letter is in s3:\/\/overflow\/.*: give readFailureDocument an s3/,
    )
  })

  test('without one the message says that the record is left out', async () => {
    const { queueUrl } = server.createQueue('cut-letters')
    await sqsSink({ client: clients.sqs, queueUrl }).deliver(letter('A', 100, { record: record('A', 100, 700_000) }))
    const [message] = await received(queueUrl)
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ sequenceNumber: '100', omitted: { reason: 'too-large' } })
  })

  test('nothing in an item or an error keeps SQS from taking the letter', async () => {
    const sent: { MessageBody: string; MessageAttributes: { [name: string]: { StringValue: string } } }[] = []
    const client = { sendMessage: async (input: (typeof sent)[0]) => sent.push(input) }
    const sink = sqsSink({ client, queueUrl: 'https://sqs.example/queue' })
    // What the characters of a string may be in DynamoDB, and what SQS refuses a message for.
    const odd = '\u0000\u001F\u007F\uFFFE\uFFFF \u{1F600}\uFFFD'
    const raw = { ...record('A', 100), dynamodb: { ...record('A', 100).dynamodb, NewImage: { odd: { S: odd } } } }
    const error = describeError(Object.assign(new Error(odd), { code: `E${odd}\uD83D` }))
    await sink.deliver(letter('A', 100, { record: raw, error }))
    const { MessageBody, MessageAttributes } = sent[0] ?? { MessageBody: '', MessageAttributes: {} }
    const allowed = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u
    expect(MessageBody).toMatch(allowed)
    expect(await records(MessageBody)).toEqual([raw])
    expect(MessageAttributes['error']?.StringValue).toMatch(allowed)
  })

  test('a queue that takes 1 MB is used to its limit, and what the queue refuses is told', async () => {
    const { queueUrl } = server.createQueue('wide-letters')
    const sink = sqsSink({ client: clients.sqs, queueUrl, maxBytes: 1_048_576 })
    await sink.deliver(letter('A', 100, { record: record('A', 100, 700_000) }))
    expect(await records((await received(queueUrl))[0])).toHaveLength(1)
    const missing = sqsSink({ client: clients.sqs, queueUrl: queueUrl.replace('wide', 'no-such') })
    await expect(missing.deliver(letter('A', 100))).rejects.toThrow(/queue/i)
  })

  test('takes a bare client in a line, and tells whoever gives it as it is', async () => {
    const { queueUrl } = server.createQueue('bare')
    const bare = new SQSClient({ endpoint: server.address, region: 'us-east-1', credentials })
    const client = { sendMessage: (input: SendMessageCommand['input']) => bare.send(new SendMessageCommand(input)) }
    await sqsSink({ client, queueUrl }).deliver(letter('A', 100))
    expect(await received(queueUrl)).toHaveLength(1)
    bare.destroy()
    // @ts-expect-error an SQSClient has no sendMessage
    expect(() => sqsSink({ client: bare, queueUrl })).toThrow(
      /sendMessage: \(input\) => client\.send\(new SendMessageCommand/,
    )
    expect(() => sqsSink({ client: clients.sqs, queueUrl: '' })).toThrow(ConfigurationError)
    expect(() => sqsSink({ client: clients.sqs, queueUrl, maxBytes: 10 })).toThrow(/maxBytes must be/)
  })
})

describe('snsSink', () => {
  test('publishes letters, by whose attributes subscribers choose', async () => {
    const { topicArn } = server.createTopic('letters')
    const { queueUrl } = server.createQueue('subscriber')
    server.subscribe({ topic: 'letters', queue: 'subscriber' })
    await snsSink({ client: clients.sns, topicArn }).deliver(letter('A', 100))
    const [message] = await received(queueUrl)
    // In SNS's envelope, which is in SQS's.
    expect(await records(message)).toEqual([record('A', 100)])
    expect(JSON.parse(message?.Body ?? '')).toMatchObject({ MessageAttributes: { consumer: { Value: 'receipts' } } })
  })
})

describe('s3Sink', () => {
  test("a listing gives an item's letters in their order, and a letter that comes again replaces itself", async () => {
    server.createBucket('letters')
    expect(() => s3Sink({ client: clients.s3, bucket: 'letters', prefix: 7 as never })).toThrow(/prefix must be a text/)
    const sink = s3Sink({ client: clients.s3, bucket: 'letters', prefix: 'dead/' })
    for (const [key, sequence] of [
      ['A', 100],
      ['B', 50],
      ['A', 9],
      ['A', 100],
    ] as const)
      await sink.deliver(letter(key, sequence))
    const { Contents = [] } = await clients.s3.listObjectsV2({ Bucket: 'letters', Prefix: 'dead/receipts/orders/' })
    const read = []
    for (const { Key = '' } of Contents) {
      const { Body } = await clients.s3.getObject({ Bucket: 'letters', Key })
      read.push(...(await records(await Body?.transformToString())))
    }
    expect(Contents).toHaveLength(3)
    expect(read.filter(({ dynamodb }) => dynamodb?.Keys?.['pk']?.S === 'A')).toEqual([record('A', 9), record('A', 100)])
  })
})

// No EventBridge runs on a developer's machine: the SDK's client is answered in the service's protocol, and what it sent is read.
describe('eventBridgeSink', () => {
  let bus: Server
  let client: EventBridge
  let answer: object
  const sent: { readonly target: string; readonly body: string }[] = []

  beforeAll(async () => {
    bus = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        sent.push({ target: String(request.headers['x-amz-target']), body })
        response.setHeader('content-type', 'application/x-amz-json-1.1')
        response.end(JSON.stringify(answer))
      })
    })
    await new Promise<void>((resolve) => bus.listen(0, '127.0.0.1', resolve))
    const { port } = bus.address() as { readonly port: number }
    client = new EventBridge({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials })
  })

  afterAll(async () => {
    client.destroy()
    await new Promise((resolve) => bus.close(resolve))
  })

  test('puts an event whose detail is the letter', async () => {
    answer = { FailedEntryCount: 0, Entries: [{ EventId: 'e1' }] }
    await eventBridgeSink({ client, eventBusName: 'ops' }).deliver(letter('A', 100))
    const { target, body = '' } = sent.at(-1) ?? {}
    expect(target).toBe('AWSEvents.PutEvents')
    const { Entries } = JSON.parse(body) as { Entries: readonly Record<string, unknown>[] }
    expect(Entries).toMatchObject([
      { EventBusName: 'ops', Source: 'tidemark', DetailType: 'Tidemark Dead Letter', Time: 1_767_225_601.234 },
    ])
    // As a rule's target gets it.
    const detail: unknown = JSON.parse(String(Entries[0]?.['Detail']))
    expect(await records({ version: '0', source: 'tidemark', 'detail-type': 'Tidemark Dead Letter', detail })).toEqual([
      record('A', 100),
    ])
  })

  test('an event that the bus did not take is an error, although the request succeeded', async () => {
    answer = { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' }] }
    const delivery = eventBridgeSink({ client }).deliver(letter('A', 100))
    await expect(delivery).rejects.toThrow(/Rate exceeded/)
    expect(isSystemicAwsError(await delivery.catch((error: unknown) => error))).toBe(true)
  })
})
