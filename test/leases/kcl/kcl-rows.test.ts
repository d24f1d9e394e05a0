import { describe, expect, test } from 'vitest'
import { newKclRow, readKclLease } from '../../../src/leases/kcl/dynamodb-kcl-rows.ts'
import { kclStreamIdentifier } from '../../../src/leases/kcl/kcl-lease.ts'
import { kclRow, otherEntities, shard, streamArn, streamIdentifier } from './kcl-table.ts'

test("the stream's identifier is the adapter's", () => {
  expect(kclStreamIdentifier(streamArn)).toBe(streamIdentifier)
})

describe('a row', () => {
  test('is read with all that is in it', () => {
    const row = kclRow({
      shardId: shard('ba'),
      parent: shard('aa'),
      children: [shard('ca')],
      checkpoint: '5',
      owner: 'next',
      multi: true,
      extra: {
        checkpointOwner: { S: 'previous' },
        pendingCheckpoint: { S: '9' },
        pendingCheckpointSubSequenceNumber: { N: '0' },
      },
    })
    expect(readKclLease(row)).toEqual({
      leaseKey: `${streamIdentifier}:${shard('ba')}`,
      streamName: streamIdentifier,
      shardId: shard('ba'),
      leaseOwner: 'next',
      checkpointOwner: 'previous',
      leaseCounter: 41,
      ownerSwitchesSinceCheckpoint: 0,
      checkpoint: '5',
      checkpointSubSequenceNumber: 0,
      pendingCheckpoint: '9',
      pendingCheckpointSubSequenceNumber: 0,
      parentShardIds: [shard('aa')],
      childShardIds: [shard('ca')],
    })
  })

  test.each([true, false])('is written as KCL creates it (several streams: %s)', (multi) => {
    const row = kclRow({ shardId: shard('ba'), parent: shard('aa'), checkpoint: '5', counter: 0, multi })
    const lease = readKclLease(row)
    expect(typeof lease === 'object' && newKclRow(lease)).toEqual(row)
  })

  test('of KCL 2, without a type, is a lease; one of another type is none', () => {
    const { entityType, ...row } = kclRow({ shardId: shard('ba'), checkpoint: '5' })
    expect(entityType).toEqual({ S: 'LEASE' })
    expect(readKclLease(row)).toMatchObject({ shardId: shard('ba') })
    for (const other of otherEntities) expect(readKclLease(other)).toBeUndefined()
  })

  test.each(['leaseKey', 'checkpoint', 'leaseCounter'])('without %s is told, not guessed', (name) => {
    const { [name]: _, ...row } = kclRow({ shardId: shard('ba'), checkpoint: '5' })
    expect(readKclLease(row)).toEqual(expect.stringContaining(name))
  })
})
