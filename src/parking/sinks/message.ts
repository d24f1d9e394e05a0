import { createHash } from 'node:crypto'
import { functionNamed, integer, optional, reject, shape } from '../../internal/validate.ts'
import type { DeadLetter } from '../dead-letter.ts'
import { deadLetterDocument, fittedText, type DeadLetterDocument } from '../dead-letter-document.ts'
import type { S3Sink } from './s3-sink.ts'

/** What every sink is told that sends messages, which have a size that they can't exceed. */
export interface MessageOptions {
  /**
   * Bytes of a message at most, 16,384 to 1,048,576. A larger letter leaves its record out: it is in `overflow`, or else only
   * with the consumer, parked. @default 262_144: what SNS and EventBridge take, and SQS where nobody raised it
   */
  readonly maxBytes?: number
  /** Where letters go, whole, that are larger than a message may be; the message then says where. */
  readonly overflow?: S3Sink
}

/** A letter as a message. */
export interface Message {
  readonly document: DeadLetterDocument
  readonly text: string
}

// Beside the text a message has attributes, names and ARNs, which count.
const envelopeBytes = 2_048

/** Checks what sinks of messages have in common. */
export function messageWriter({
  maxBytes: given = 262_144,
  overflow,
}: MessageOptions): (letter: DeadLetter) => Promise<Message> {
  const maxBytes = integer('maxBytes', given, 16_384, 1_048_576) - envelopeBytes
  const store = optional(overflow, (sink) => {
    shape('overflow', sink)
    return functionNamed('overflow.store (overflow must be what s3Sink returns)', sink.store)
  })
  return async (letter) => {
    const document = deadLetterDocument(letter)
    return { document, text: await fittedText(document, maxBytes, store && (() => store(letter))) }
  }
}

/** By which subscribers and consumers can choose without reading the text: SQS's and SNS's message attributes. */
export function messageAttributes({ consumer, tableName, error }: DeadLetterDocument): {
  [name: string]: { DataType: 'String'; StringValue: string }
} {
  const attributes = { consumer, tableName, ...(error === undefined ? {} : { error: error.code ?? error.name }) }
  return Object.fromEntries(
    Object.entries(attributes).map(([name, text]) => [
      name,
      { DataType: 'String', StringValue: text.replaceAll(refused, '\uFFFD') },
    ]),
  )
}

// What a message of SQS may not have in it. In its body, which is JSON, it is escaped.
const refused = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/**
 * What a FIFO queue or topic needs: letters of a lane stay in order, and one that is delivered again is recognised. The
 * record counts for that and not the idempotency key, which records of one message share.
 */
export function fifoFields({ consumer, laneId, streamArn, sequenceNumber }: DeadLetterDocument): {
  MessageGroupId: string
  MessageDeduplicationId: string
} {
  const record = createHash('sha256').update(`${consumer}\n${streamArn}\n${sequenceNumber}`).digest('hex')
  return { MessageGroupId: laneId, MessageDeduplicationId: record }
}

/** A text that names something of AWS. */
export function named(option: string, value: unknown, expected: string): string {
  return typeof value === 'string' && value !== '' ? value : reject(option, expected, value)
}

/** Whoever has the SDK's bare client is told how to bring it into shape. */
export function clientWith<Client extends object>(client: Client, method: string, aggregated: string): Client {
  shape('client', client)
  if (typeof (client as { readonly [method: string]: unknown })[method] === 'function') return client
  const command = `${method[0]?.toUpperCase()}${method.slice(1)}Command`
  return reject(
    'client',
    `the SDK's '${aggregated}', or any object with ${method}(input): { ${method}: (input) => client.send(new ${command}(input)) }`,
    client,
  )
}
