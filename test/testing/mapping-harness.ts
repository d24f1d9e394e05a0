import { afterEach } from 'vitest'
import {
  createEventSourceMapping,
  type EventSourceMapping,
  type EventSourceMappingOptions,
  type FailureDocument,
  type StreamEvent,
} from '../../src/testing/event-source-mapping.ts'

type Optional = Partial<EventSourceMappingOptions>

/** Makes mappings with short waits, and stops them after each test. */
export function useMappings(): (
  source: Pick<EventSourceMappingOptions, 'streams' | 'streamArn'>,
  options: Optional,
) => EventSourceMapping {
  const made: EventSourceMapping[] = []
  afterEach(async () => {
    await Promise.all(made.splice(0).map((mapping) => mapping.stop()))
  })
  return ({ streams, streamArn }, options) => {
    const quick = { startingPosition: 'TRIM_HORIZON', pollIntervalMs: 10, retryDelayMs: 1 } as const
    const mapping = createEventSourceMapping({ ...quick, handler: () => undefined, ...options, streams, streamArn })
    made.push(mapping)
    return mapping
  }
}

/** A promise and what resolves it. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open: () => open() }
}

/** The items that an event is about, in its order. */
export function ids(event: StreamEvent | undefined): readonly string[] {
  return event?.Records.map(({ dynamodb }) => dynamodb.Keys['id']?.S ?? '') ?? []
}

export function sequenceNumbers(event: StreamEvent): readonly string[] {
  return event.Records.map(({ dynamodb }) => dynamodb.SequenceNumber)
}

/** A partial batch response that reports the records of these items. */
export function failing(event: StreamEvent, ...failed: readonly string[]): object {
  const failures = event.Records.filter(({ dynamodb }) => failed.includes(dynamodb.Keys['id']?.S ?? ''))
  return { batchItemFailures: failures.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) }
}

/** A destination that keeps what it is sent. */
export function keep(kind: 's3' | 'sqs' | 'sns'): {
  readonly kind: typeof kind
  readonly documents: FailureDocument[]
  readonly objectKeys: string[]
  send(document: FailureDocument, objectKey: string): void
} {
  const [documents, objectKeys]: [FailureDocument[], string[]] = [[], []]
  return {
    kind,
    documents,
    objectKeys,
    send(document, objectKey) {
      documents.push(document)
      objectKeys.push(objectKey)
    },
  }
}
