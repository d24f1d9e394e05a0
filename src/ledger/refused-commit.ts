import { publish } from '../telemetry/channels.ts'
import type { LedgerShard } from './ledger.ts'

/** Tells that a zombie tried to commit. */
export function tellRefusedCommit(shard: LedgerShard): void {
  const { consumer, tableName, streamLabel, shardId, epoch, owner: workerId } = shard
  publish('tidemark:commit:refused', () => ({ consumer, tableName, workerId, streamLabel, shardId, epoch }))
}
