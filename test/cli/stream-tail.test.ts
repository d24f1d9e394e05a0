import { expect, test } from 'vitest'
import { StreamTail } from '../../src/cli/tail/stream-tail.ts'
import type { StreamReading } from '../../src/source/stream-reading.ts'
import { StreamTable } from '../support/stream-table.ts'

async function tailOf(table: StreamTable, reading: StreamReading, startAt: 'LATEST' | 'TRIM_HORIZON') {
  const { clock, random, streamArn } = table
  const ids: string[] = []
  const stopping = new AbortController()
  const tail = new StreamTail({
    ...{ reading, streamArn, startAt, clock, random, signal: stopping.signal },
    onRecords: (_shardId, records) => ids.push(...records.map(({ dynamodb }) => String(dynamodb?.Keys?.['id']?.S))),
    onTrouble: () => {},
  })
  const started = tail.start()
  await clock.advance(5_000)
  await started
  const run = tail.run()
  const end = async () => {
    stopping.abort()
    await clock.advance(10_000)
    await run
  }
  return { ids, end }
}

/** Answers as the stream does; many records come late. */
function slow({ reading, clock }: StreamTable): StreamReading {
  return {
    describe: (arn) => reading.describe(arn),
    children: (arn, id) => reading.children(arn, id),
    openIterator: (arn, id, position) => reading.openIterator(arn, id, position),
    async getRecords(iterator, limit) {
      const page = await reading.getRecords(iterator, limit)
      if (page.status === 'records' && page.records.length > 100) await clock.sleep(4_000)
      return page
    },
  }
}

test('what is written to a shard and to its children is shown, whenever it is split', async () => {
  const table = await StreamTable.create({ listingLagMs: 3_000 })
  const { ids, end } = await tailOf(table, table.reading, 'LATEST')
  const put: string[] = []
  for (let round = 0; round < 4; round += 1) {
    table.engine.splitShard('orders')
    put.push(...(await table.put(20)))
    await table.clock.advance(700)
  }
  await table.clock.advance(60_000)
  await end()
  expect(ids.toSorted()).toEqual(put.toSorted())
})

test('a child waits for its parent to be read also when a listing does not show that any more', async () => {
  const table = await StreamTable.create()
  const parent = table.shardId()
  const before = await table.put(2_500)
  table.engine.rollShards('orders')
  const after = await table.put(1)
  const reading = slow(table)
  let isHidden = false
  const hiding: StreamReading = {
    ...reading,
    describe: async (arn) => {
      const listing = await reading.describe(arn)
      const shown = (shardId: string) => !isHidden || shardId !== parent
      return listing && { ...listing, shards: listing.shards.filter(({ shardId }) => shown(shardId)) }
    },
  }
  const { ids, end } = await tailOf(table, hiding, 'TRIM_HORIZON')
  isHidden = true
  await table.clock.advance(60_000)
  await end()
  expect(ids).toEqual([...before, ...after])
})
