import { knownNames, shape } from '../../internal/validate.ts'
import type { DeadLetterSink } from '../dead-letter.ts'
import { clientWith, messageWriter, named, type MessageOptions } from './message.ts'

/** What is used of EventBridge: the SDK's `EventBridge` has it. For an `EventBridgeClient`: `{ putEvents: (input) => client.send(new PutEventsCommand(input)) }`. */
export interface EventBridgeSender {
  putEvents(input: {
    Entries: {
      EventBusName: string
      Source: string
      DetailType: string
      Detail: string
      Resources: string[]
      Time: Date
    }[]
  }): Promise<{
    readonly FailedEntryCount?: number | undefined
    readonly Entries?:
      readonly { readonly ErrorCode?: string | undefined; readonly ErrorMessage?: string | undefined }[] | undefined
  }>
}

/** Options of {@link eventBridgeSink}. */
export interface EventBridgeSinkOptions extends MessageOptions {
  readonly client: EventBridgeSender
  /** Name or ARN. @default 'default': the account's */
  readonly eventBusName?: string
  /** The events' `source`. @default 'tidemark' */
  readonly source?: string
}

/** Puts dead letters on an EventBridge bus, as events of the detail type `Tidemark Dead Letter`. */
export function eventBridgeSink(options: EventBridgeSinkOptions): DeadLetterSink {
  shape('eventBridgeSink options', options)
  knownNames('eventBridgeSink options', options, ['client', 'eventBusName', 'source', 'maxBytes', 'overflow'])
  const client = clientWith(options.client, 'putEvents', 'EventBridge')
  const EventBusName = named('eventBusName', options.eventBusName ?? 'default', "a bus's name or ARN")
  const Source = named('source', options.source ?? 'tidemark', 'a text')
  const write = messageWriter(options)
  return {
    async deliver(letter) {
      const { text: Detail } = await write(letter)
      const { streamArn, parkedAt } = letter
      const event = { EventBusName, Source, DetailType: 'Tidemark Dead Letter', Detail }
      const { Entries = [] } = await client.putEvents({
        Entries: [{ ...event, Resources: [streamArn], Time: new Date(parkedAt) }],
      })
      // The request succeeds also where none of its events did.
      const { ErrorCode, ErrorMessage } = Entries[0] ?? {}
      if (ErrorCode === undefined) return
      throw Object.assign(new Error(`EventBridge did not take the event: ${ErrorMessage ?? ErrorCode}`), {
        name: ErrorCode,
      })
    },
  }
}
