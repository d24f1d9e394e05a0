import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/simulation/history.ts'
import { LineageWatch } from '../../../src/simulation/lambda/lineage-watch.ts'

function change(eventId: string): Change {
  return { eventId, eventName: 'INSERT', itemKey: eventId, businessId: eventId, sequenceNumber: 1n }
}

const shards = [
  { shardId: 'parent', parentShardId: undefined, changes: [change('p1'), change('p2')] },
  { shardId: 'child', parentShardId: 'parent', changes: [change('c1')] },
]

describe('LineageWatch', () => {
  it('has nothing to say where a child waits for all of its parent', () => {
    const watch = new LineageWatch()
    watch.delivered(['p1', 'p2'])
    watch.done(['p1', 'p2'])
    watch.delivered(['c1'])
    expect(watch.complaints(shards)).toEqual([])
  })

  it('tells of a child that comes before the last of its parent is done with', () => {
    const watch = new LineageWatch()
    watch.delivered(['p1', 'p2'])
    watch.done(['p1'])
    watch.delivered(['c1'])
    watch.done(['p2'])
    expect(watch.complaints(shards)).toEqual([expect.stringContaining('c1')])
  })

  it('tells of a child that comes although its parent is never done with', () => {
    const watch = new LineageWatch()
    watch.done(['p1'])
    watch.delivered(['c1'])
    expect(watch.complaints(shards)).toHaveLength(1)
  })

  it('takes the first time of each', () => {
    const watch = new LineageWatch()
    watch.done(['p1', 'p2'])
    watch.delivered(['c1'])
    watch.done(['p1', 'p2'])
    expect(watch.complaints(shards)).toEqual([])
  })
})
