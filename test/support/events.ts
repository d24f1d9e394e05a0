import type { LambdaStreamEvent, LambdaStreamRecord } from '../../src/lambda.ts'

export const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000'

/** A change as a test writes it. */
export interface Change {
  readonly key: string
  readonly sequence: number
  readonly event?: 'INSERT' | 'MODIFY' | 'REMOVE'
  readonly image?: object
  readonly eventId?: string
  readonly stream?: string
}

/** A record of a Lambda event, as Lambda would deliver it. */
function lambdaRecord({ key, sequence, event = 'INSERT', image, eventId, stream }: Change): LambdaStreamRecord {
  const item = { pk: { S: key }, value: { N: String(sequence) }, ...image }
  return {
    eventID: eventId ?? `event-${sequence}`,
    eventName: event,
    eventSource: 'aws:dynamodb',
    eventSourceARN: stream ?? streamArn,
    awsRegion: 'eu-central-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_767_225_600,
      Keys: { pk: { S: key } },
      ...(event === 'REMOVE' ? {} : { NewImage: item }),
      ...(event === 'INSERT' ? {} : { OldImage: item }),
      SequenceNumber: String(sequence),
      SizeBytes: 40,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}

/** A Lambda event of these changes. */
export function lambdaEvent(...changes: readonly Change[]): LambdaStreamEvent {
  return { Records: changes.map(lambdaRecord) }
}

/** `A:100` is an insert of item A at sequence number 100. */
export function changes(...texts: readonly string[]): Change[] {
  return texts.map((text) => {
    const [key = '', sequence = ''] = text.split(':')
    return { key, sequence: Number(sequence) }
  })
}
