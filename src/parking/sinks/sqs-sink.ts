import { knownNames, shape } from '../../internal/validate.ts'
import type { DeadLetterSink } from '../dead-letter.ts'
import { clientWith, fifoFields, messageAttributes, messageWriter, named, type MessageOptions } from './message.ts'

/** What is used of SQS: the SDK's `SQS` has it. For an `SQSClient`: `{ sendMessage: (input) => client.send(new SendMessageCommand(input)) }`. */
export interface SqsSender {
  sendMessage(input: {
    QueueUrl: string
    MessageBody: string
    MessageAttributes: { [name: string]: { DataType: 'String'; StringValue: string } }
    MessageGroupId?: string
    MessageDeduplicationId?: string
  }): Promise<unknown>
}

/** Options of {@link sqsSink}. */
export interface SqsSinkOptions extends MessageOptions {
  readonly client: SqsSender
  /** A FIFO queue (`….fifo`) keeps the letters of an item in order: they share a message group. */
  readonly queueUrl: string
}

/** Sends dead letters to an SQS queue. */
export function sqsSink(options: SqsSinkOptions): DeadLetterSink {
  shape('sqsSink options', options)
  knownNames('sqsSink options', options, ['client', 'queueUrl', 'maxBytes', 'overflow'])
  const client = clientWith(options.client, 'sendMessage', 'SQS')
  const QueueUrl = named('queueUrl', options.queueUrl, "a queue's URL")
  const write = messageWriter(options)
  return {
    async deliver(letter) {
      const { document, text } = await write(letter)
      const fifo = QueueUrl.endsWith('.fifo') ? fifoFields(document) : {}
      const MessageAttributes = messageAttributes(document)
      await client.sendMessage({ QueueUrl, MessageBody: text, MessageAttributes, ...fifo })
    },
  }
}
