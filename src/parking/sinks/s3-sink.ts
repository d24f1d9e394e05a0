import { knownNames, pattern, shape } from '../../internal/validate.ts'
import { parseStreamArn } from '../../record/stream-arn.ts'
import type { DeadLetter, DeadLetterSink } from '../dead-letter.ts'
import { deadLetterDocument, type DeadLetterDocument, type StoredAt } from '../dead-letter-document.ts'
import { positionOf } from '../lane-name.ts'
import { clientWith, named } from './message.ts'

/** What is used of S3: the SDK's `S3` has it. For an `S3Client`: `{ putObject: (input) => client.send(new PutObjectCommand(input)) }`. */
export interface S3Putter {
  putObject(input: { Bucket: string; Key: string; Body: string; ContentType: string }): Promise<unknown>
}

/** Options of {@link s3Sink}. */
export interface S3SinkOptions {
  readonly client: S3Putter
  readonly bucket: string
  /** What every key begins with. @default 'tidemark/' */
  readonly prefix?: string
}

/** A sink in S3, which takes letters of any size. */
export interface S3Sink extends DeadLetterSink {
  /** Delivers the letter, and tells where it is. */
  store(letter: DeadLetter): Promise<StoredAt>
}

/**
 * Stores dead letters in an S3 bucket, an object each, under `<prefix><consumer>/<table>/<lane>/<place in the lane>.json`: a
 * listing gives the letters of an item in their order, and a letter that is delivered again replaces itself.
 */
export function s3Sink(options: S3SinkOptions): S3Sink {
  shape('s3Sink options', options)
  knownNames('s3Sink options', options, ['client', 'bucket', 'prefix'])
  const client = clientWith(options.client, 'putObject', 'S3')
  const bucket = named('bucket', options.bucket, "a bucket's name")
  const prefix = pattern('prefix', options.prefix ?? 'tidemark/', /^/, 'a text')
  const store = async (letter: DeadLetter): Promise<StoredAt> => {
    const document = deadLetterDocument(letter)
    const key = `${prefix}${objectName(letter, document)}`
    const [Body, ContentType] = [JSON.stringify(document), 'application/json']
    await client.putObject({ Bucket: bucket, Key: key, Body, ContentType })
    return { bucket, key }
  }
  return {
    store,
    async deliver(letter) {
      await store(letter)
    },
  }
}

function objectName({ streamArn, sequenceNumber }: DeadLetter, document: DeadLetterDocument): string {
  const { consumer, tableName, laneId } = document
  const position = positionOf(parseStreamArn(streamArn, 'streamArn').streamLabel, sequenceNumber)
  // A label is a time, with colons, and a position has a '#': neither goes well with the tools that people have.
  return `${consumer}/${tableName}/${laneId}/${position.replaceAll(':', '.').replace('#', '-')}.json`
}
