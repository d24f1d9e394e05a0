import { LeaseLostError } from '../errors.ts'
import type { ShardFence } from './parking-lot.ts'

/** The shard has another owner by now. */
export function fenced({ shardId, epoch }: ShardFence): LeaseLostError {
  return new LeaseLostError(`shard ${shardId} has another owner than that of epoch ${epoch}; nothing was parked`)
}
