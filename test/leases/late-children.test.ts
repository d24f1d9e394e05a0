import { once } from 'node:events'
import { expect, test } from 'vitest'
import { LateChildren } from '../../src/leases/late-children.ts'
import { streamReading } from '../../src/source/dynamodb-streams.ts'
import { FleetWorld } from './fleet-world.ts'

test('any number of shards may be waited for at once', async () => {
  const { clock, leases } = await FleetWorld.open(0)
  const stopping = new AbortController()
  const send = () => Promise.reject(new Error('nothing is asked before its time'))
  const lateChildren = new LateChildren({
    ...{ leases, clock, reading: streamReading({ send }), signal: stopping.signal, streamArnOf: (label) => label },
    ...{ onCreated: () => {}, onTrouble: () => {} },
  })
  const warned = once(process, 'warning', { signal: AbortSignal.timeout(100) }).catch(() => 'nothing')
  for (let shard = 0; shard < 100; shard += 1) lateChildren.watch({ streamLabel: 's', shardId: `shardId-${shard}` })
  expect(await warned, 'of listeners that pile up').toBe('nothing')
  stopping.abort()
  await lateChildren.ended()
})
