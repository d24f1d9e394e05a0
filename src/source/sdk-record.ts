import type { RawRecord } from './source.ts'

/** A record as GetRecords of the AWS SDK returns it. */
export interface SdkRecord {
  readonly eventID?: string | undefined
  readonly eventName?: string | undefined
  readonly eventSource?: string | undefined
  readonly awsRegion?: string | undefined
  readonly dynamodb?: object | undefined
  readonly userIdentity?: { readonly PrincipalId?: string | undefined; readonly Type?: string | undefined } | undefined
}

/** Brings a record of the SDK into the shape of a Lambda event's, which names its stream in every record. */
export function fromSdkRecord({ userIdentity, ...record }: SdkRecord, streamArn: string): RawRecord {
  const identity = userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }
  return { ...record, ...identity, eventSourceARN: streamArn }
}
