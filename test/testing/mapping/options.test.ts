import type { Context, DynamoDBStreamEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../../src/errors.ts'
import type { RawRecord } from '../../../src/source/source.ts'
import { type EventSourceMappingOptions, resolveMappingOptions } from '../../../src/testing/mapping/options.ts'

const minimal: EventSourceMappingOptions = {
  streams: { send: async () => undefined },
  streamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
  startingPosition: 'TRIM_HORIZON',
  handler: () => undefined,
}

describe('the options of an event source mapping', () => {
  test("have Lambda's defaults", () => {
    expect(resolveMappingOptions(minimal)).toMatchObject({
      batchSize: 100,
      maximumBatchingWindowInSeconds: 0,
      parallelizationFactor: 1,
      functionResponseTypes: [],
      bisectBatchOnFunctionError: false,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
      tumblingWindowInSeconds: 0,
      payloadLimitBytes: 6_291_456,
      functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:function',
    })
  })

  test.each<[keyof EventSourceMappingOptions, readonly number[], readonly number[]]>([
    ['batchSize', [1, 10_000], [0, 10_001, 1.5, NaN]],
    ['maximumBatchingWindowInSeconds', [0, 300], [-1, 301]],
    ['parallelizationFactor', [1, 10], [0, 11]],
    ['maximumRetryAttempts', [-1, 0, 10_000], [-2, 10_001]],
    ['maximumRecordAgeInSeconds', [-1, 60, 604_800], [0, 59, 604_801, -2]],
    ['tumblingWindowInSeconds', [0, 900], [-1, 901]],
    ['functionTimeoutMs', [1, 900_000], [0, 900_001]],
  ])("keep %s within Lambda's bounds", (name, allowed, refused) => {
    for (const value of allowed)
      expect(resolveMappingOptions({ ...minimal, [name]: value })).toHaveProperty(name, value)
    for (const value of refused) {
      expect(() => resolveMappingOptions({ ...minimal, [name]: value })).toThrow(ConfigurationError)
    }
  })

  test('take more than ten records without a batching window, as AWS does for streams', () => {
    expect(resolveMappingOptions({ ...minimal, batchSize: 11, maximumBatchingWindowInSeconds: 0 }).batchSize).toBe(11)
  })

  test('say what was expected and what was given', () => {
    expect(() => resolveMappingOptions({ ...minimal, maximumRecordAgeInSeconds: 30 })).toThrow(
      'maximumRecordAgeInSeconds: expected -1 or a whole number from 60 to 604800, got 30',
    )
  })

  test('refuse other positions, response types and filters', () => {
    const refuse = (wrong: object) =>
      expect(() => resolveMappingOptions({ ...minimal, ...wrong })).toThrow(ConfigurationError)
    refuse({ startingPosition: 'AT_TIMESTAMP' })
    refuse({ functionResponseTypes: ['ReportBatchItemFailure'] })
    refuse({ filterCriteria: { Filters: [{ Pattern: 'single-string' }] } })
  })

  test('take handlers typed by aws-lambda and by Tidemark', () => {
    const theirs = async (event: DynamoDBStreamEvent, context: Context) =>
      `${event.Records.length}${context.awsRequestId}`
    const ours = async ({ Records }: { readonly Records: readonly RawRecord[] }) => Records[0]?.dynamodb?.SequenceNumber
    for (const handler of [theirs, ours]) expect(resolveMappingOptions({ ...minimal, handler }).handler).toBe(handler)
  })
})
