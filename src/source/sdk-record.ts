import type { RawRecord } from './source.ts'

/** A record as GetRecords of the AWS SDK returns it. */
export interface SdkRecord {
  readonly eventID?: string | undefined
  readonly eventName?: string | undefined
  readonly eventVersion?: string | undefined
  readonly eventSource?: string | undefined
  readonly awsRegion?: string | undefined
  readonly dynamodb?: object | undefined
  readonly userIdentity?: { readonly PrincipalId?: string | undefined; readonly Type?: string | undefined } | undefined
}

/** Brings a record of the SDK into the shape of a Lambda event's, which names its stream in every record. */
export function fromSdkRecord(record: SdkRecord, streamArn: string): RawRecord {
  const { userIdentity } = record
  // Each of them named: to spread a record costs more than to decode it.
  const { eventID, eventName, eventSource, awsRegion, dynamodb } = record
  const { eventVersion } = record
  const raw: RawRecord = {
    eventID,
    eventName,
    eventVersion,
    eventSource,
    awsRegion,
    dynamodb,
    eventSourceARN: streamArn,
  }
  if (userIdentity === undefined) return raw
  return { ...raw, userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }
}
