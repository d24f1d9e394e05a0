import { DecodeError } from '../errors.ts'
import { describe } from './describe.ts'

/** A stream's ARN and its parts. */
export interface StreamArn {
  readonly streamArn: string
  readonly region: string
  readonly accountId: string
  readonly tableName: string
  /** When the stream was made, which tells it from the streams that the table had before. */
  readonly streamLabel: string
}

const shape = /^arn:[\w-]+:dynamodb:([\w-]+):([^:]*):table\/([\w.-]+)\/stream\/([^/]+)$/

// All records of a batch, and nearly always of a process, are of one stream.
let latest: StreamArn | undefined

/** Takes a stream's ARN apart; a `DecodeError` when it is none. Any partition, and DynamoDB Local's region `ddblocal`. */
export function parseStreamArn(arn: unknown, path: string): StreamArn {
  if (latest !== undefined && latest.streamArn === arn) return latest
  const parts = typeof arn === 'string' ? shape.exec(arn) : null
  if (parts === null)
    throw new DecodeError(`expected the ARN of a DynamoDB stream (arn:…:table/…/stream/…), got ${describe(arn)}`, {
      path,
    })
  const [streamArn, region = '', accountId = '', tableName = '', streamLabel = ''] = parts
  return (latest = { streamArn, region, accountId, tableName, streamLabel })
}

/** The ARN of another stream of the same table: of one it had before, or has now. */
export function withStreamLabel(streamArn: string, streamLabel: string): string {
  return `${streamArn.slice(0, streamArn.lastIndexOf('/') + 1)}${streamLabel}`
}
