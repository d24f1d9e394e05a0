import { knownNames, shape } from '../../internal/validate.ts'
import type { DeadLetterSink } from '../dead-letter.ts'
import { clientWith, fifoFields, messageAttributes, messageWriter, named, type MessageOptions } from './message.ts'

/** What is used of SNS: the SDK's `SNS` has it. For an `SNSClient`: `{ publish: (input) => client.send(new PublishCommand(input)) }`. */
export interface SnsSender {
  publish(input: {
    TopicArn: string
    Message: string
    MessageAttributes: { [name: string]: { DataType: 'String'; StringValue: string } }
    MessageGroupId?: string
    MessageDeduplicationId?: string
  }): Promise<unknown>
}

/** Options of {@link snsSink}. */
export interface SnsSinkOptions extends MessageOptions {
  readonly client: SnsSender
  /** A FIFO topic (`….fifo`) keeps the letters of an item in order: they share a message group. */
  readonly topicArn: string
}

/** Publishes dead letters to an SNS topic. */
export function snsSink(options: SnsSinkOptions): DeadLetterSink {
  shape('snsSink options', options)
  knownNames('snsSink options', options, ['client', 'topicArn', 'maxBytes', 'overflow'])
  const client = clientWith(options.client, 'publish', 'SNS')
  const TopicArn = named('topicArn', options.topicArn, "a topic's ARN")
  const write = messageWriter(options)
  return {
    async deliver(letter) {
      const { document, text } = await write(letter)
      const fifo = TopicArn.endsWith('.fifo') ? fifoFields(document) : {}
      await client.publish({ TopicArn, Message: text, MessageAttributes: messageAttributes(document), ...fifo })
    },
  }
}
