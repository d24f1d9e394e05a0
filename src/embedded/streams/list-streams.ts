import { validationError } from '../service-error.ts'
import { RequestFields } from './request-fields.ts'
import type { Stream } from './stream.ts'

export interface ListStreamsOutput {
  readonly Streams: readonly { readonly StreamArn: string; readonly TableName: string; readonly StreamLabel: string }[]
  readonly LastEvaluatedStreamArn?: string
}

const maxLimit = 100

export function listStreams(streams: readonly Stream[], input: object): ListStreamsOutput {
  const { tableName, limit, after } = readInput(input)
  const found = streams
    .map(({ opening }) => opening)
    .filter((stream) => (tableName === undefined || stream.tableName === tableName) && stream.streamArn > after)
    .toSorted((a, b) => (a.streamArn < b.streamArn ? -1 : 1))
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    Streams: page.map(({ streamArn, tableName, streamLabel }) => ({
      StreamArn: streamArn,
      TableName: tableName,
      StreamLabel: streamLabel,
    })),
    ...(last === undefined || page.length === found.length ? {} : { LastEvaluatedStreamArn: last.streamArn }),
  }
}

function readInput(input: object): { tableName: string | undefined; limit: number; after: string } {
  const fields = new RequestFields(input)
  const tableName = fields.text('TableName', { min: 3, max: 255 })
  const limit = fields.positive('Limit') ?? maxLimit
  const after = fields.text('ExclusiveStartStreamArn', { min: 37, max: 1024 }) ?? ''
  fields.assertValid()
  if (limit > maxLimit)
    throw validationError(
      `One or more parameter values were invalid: Limit cannot be greater than the maximum allowed size: ${maxLimit}`,
    )
  return { tableName, limit, after }
}
