import { parseStreamArn } from '../../record/stream-arn.ts'

/**
 * A lease as KCL 3.5 with the DynamoDB Streams adapter 2.x keeps it (`leases/Lease.java`, and
 * `leases/dynamodb/DynamoDBLeaseSerializer.java` for its row). KCL 2 and 3 up to 3.4 write a subset of it.
 */
export interface KclLease {
  /** `<shardId>`, or `<streamIdentifier>:<shardId>` in a table of several streams. */
  readonly leaseKey: string
  /** In a table of several streams: the stream's identifier. */
  readonly streamName?: string
  readonly shardId: string
  /** The worker that may process the shard; absent while nobody has it. */
  readonly leaseOwner?: string
  /** While a lease is handed over: the worker that still processes it, `leaseOwner` being the next one. */
  readonly checkpointOwner?: string
  /** Raised by every renewal, assignment and checkpoint: it moves every 3.3 s while its owner lives. */
  readonly leaseCounter: number
  readonly ownerSwitchesSinceCheckpoint: number
  /** The last sequence number processed, or TRIM_HORIZON, LATEST, AT_TIMESTAMP or SHARD_END (`checkpoint/SentinelCheckpoint.java`). */
  readonly checkpoint: string
  /** Tells apart what the Kinesis producer library packed into one record; 0 in DynamoDB Streams. */
  readonly checkpointSubSequenceNumber: number
  /** A checkpoint that was prepared and not made: nothing says that what comes before it was processed. */
  readonly pendingCheckpoint?: string
  readonly pendingCheckpointSubSequenceNumber?: number
  readonly parentShardIds: readonly string[]
  /** Written at the shard's end. */
  readonly childShardIds: readonly string[]
}

/**
 * The identifier of a DynamoDB stream in a table of several streams: `account:region$account$table$label:1`, with the
 * label's colons as underscores (adapter 2.3.0, `util/KinesisMapperUtil.java:166-190`).
 */
export function kclStreamIdentifier(streamArn: string): string {
  const { region, accountId, tableName, streamLabel } = parseStreamArn(streamArn, 'streamArn')
  return `${accountId}:${[region, accountId, tableName, streamLabel.replaceAll(':', '_')].join('$')}:1`
}

/** The leases of one stream: in a table of one stream, which does not name it, all of them. */
export function leasesOfStream(leases: readonly KclLease[], streamArn: string): KclLease[] {
  const identifier = kclStreamIdentifier(streamArn)
  return leases.filter(({ streamName }) => streamName === undefined || streamName === identifier)
}

/** Who processes the shard at the moment, if anybody does. */
export function effectiveOwner({ leaseOwner, checkpointOwner }: KclLease): string | undefined {
  return checkpointOwner ?? leaseOwner
}
