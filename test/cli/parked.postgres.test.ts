import { afterAll, beforeAll, expect, test } from 'vitest'
import { usePostgres } from '../ledger/postgres/server.ts'
import { CliWorld, jsonLines } from './support/cli-world.ts'

const { createDatabase } = usePostgres()

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
  world.project.lend('pg')
})
afterAll(() => world.close())

test('what is parked in PostgreSQL is found by the module of its consumer, by every command', async () => {
  const { config, query } = await createDatabase()
  world.project.write(
    'consumer.mjs',
    `import pg from 'pg'
import { createConsumer, silentLogger } from 'tidemark'
import { postgresLedger } from 'tidemark/postgres'
const pool = new pg.Pool(${JSON.stringify(config)})
export default createConsumer({ name: 'receipts', logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park',
  ledger: postgresLedger({ pool }),
  handler: async (record, { transaction }) => {
    await transaction.query('INSERT INTO accounts VALUES ($1, $2)', [record.keys.id + record.newImage.stock, record.newImage.stock])
    if (record.newImage.stock === 0) throw new Error('there is no stock of ' + record.keys.id)
    console.log('effect', record.keys.id, record.newImage.stock)
  } })`,
  )
  const of = ['--module', './consumer.mjs']
  const worker = await world.worker('consumer.mjs')
  await world.put('a', { stock: { N: '0' } })
  await world.put('a', { stock: { N: '7' } })
  await world.put('b', { stock: { N: '1' } })
  const listed = async () => jsonLines((await world.run('parked', 'list', 'receipts', ...of, '--json')).stdout)
  while ((await listed())[0]?.['recordCount'] !== 2) await new Promise((resolve) => setTimeout(resolve, 50))
  await worker.until(/effect b 1/)
  await worker.end('SIGTERM')

  const [{ laneId } = {}] = await listed()
  const lane = String(laneId)
  const status = await world.run('status', 'receipts', '--table', 'orders', ...of)
  expect(status.stdout).toContain('Error: there is no stock of a')
  const [{ eventId } = {}] = jsonLines((await world.run('parked', 'show', 'receipts', lane, ...of, '--json')).stdout)
  const event = String(eventId)
  const why = await world.run('explain', 'receipts', event, '--table', 'orders', ...of)
  expect(why.stdout).toContain('PARKED')
  const edited = ['parked', 'edit', 'receipts', lane, event, '--new-image', '{"id":"a","stock":5}', '--yes']
  expect((await world.run(...edited, ...of)).code).toBe(0)
  const redriven = await world.run('parked', 'redrive', 'receipts', lane, '--limit', '1', ...of, '--yes')
  expect(redriven.stdout).toContain('effect a 5')
  const [{ eventId: second } = {}] = jsonLines(
    (await world.run('parked', 'show', 'receipts', lane, ...of, '--json')).stdout,
  )
  const drop = ['parked', 'drop', 'receipts', lane, String(second), '--reason', 'sold out', '--yes']
  expect((await world.run(...drop, ...of)).code).toBe(0)
  expect((await world.run('parked', 'redrive', 'receipts', ...of, '--yes')).code).toBe(0)
  expect(await listed()).toEqual([])
  const dropped = await world.run('explain', 'receipts', String(second), '--table', 'orders', ...of)
  expect(dropped.stdout).toContain('DROPPED')
  // What the shard's row knows is not run again, and what was parked it has passed.
  const again = await world.run(
    'replay',
    'receipts',
    '--table',
    'orders',
    '--from',
    'trim-horizon',
    '--dry-run',
    '--json',
    ...of,
  )
  expect(jsonLines(again.stdout)[0]).toMatchObject({ deliveredCount: 3, absorbedCount: 3, runCount: 0 })
  expect(await query('SELECT id FROM accounts ORDER BY id')).toEqual([{ id: 'a5' }, { id: 'b1' }])
})
