import { DeleteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTombstone } from '../../src/dynamodb.ts'
import { CommandProject, type Running } from '../cli/support/command-project.ts'

let project: CommandProject

beforeAll(() => {
  project = new CommandProject()
  for (const name of ['tsx', 'esbuild', 'zod', '@electric-sql/pglite']) project.lend(name)
  cpSync('examples', join(project.folder, 'examples'), { recursive: true })
})
afterAll(() => project.remove())

/** Runs an example as its README says, and hands over its DynamoDB once the orders are seeded. */
async function running(name: string, look: (client: DynamoDBClient, command: Running) => Promise<void>): Promise<void> {
  const command = project.start(
    'run',
    `./examples/${name}/consumer.ts`,
    '--table',
    'orders',
    '--embedded',
    '--seed',
    '20',
  )
  const [, endpoint = ''] = /DynamoDB at (http:\S+),/.exec(await command.until(/seeded/)) ?? []
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials })
  try {
    await look(client, command)
  } finally {
    client.destroy()
    expect(await command.end('SIGTERM')).toBe(0)
  }
}

const order = (id: string, email: string, total: number) =>
  new PutItemCommand({
    TableName: 'orders',
    Item: { id: { S: id }, email: { S: email }, total: { N: String(total) }, status: { S: 'paid' } },
  })
const withdrawal = (id: string) => new DeleteItemCommand({ TableName: 'orders', Key: { id: { S: id } } })

async function itemsOf(client: DynamoDBClient, tableName: string) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }))
  return Items.map((item) => unmarshall(item))
}

const soon = { timeout: 15_000, interval: 100 }

test('order-view has an item for each order, and a tombstone for one that was deleted', () =>
  running('order-view', async (client) => {
    await client.send(order('a', 'a@example.com', 120))
    await client.send(order('b', 'b@example.com', 99))
    await client.send(order('a', 'a@example.com', 20))
    await client.send(withdrawal('b'))
    const deleted = async () => (await itemsOf(client, 'order-view')).filter(isTombstone).map(({ orderId }) => orderId)
    await expect.poll(deleted, soon).toEqual(['b'])
    await expect.poll(() => itemsOf(client, 'order-view'), soon).toHaveLength(22)
    const view = await itemsOf(client, 'order-view')
    expect(view.find(({ orderId }) => orderId === 'a')).toMatchObject({ status: 'paid', isLarge: false })
  }))

test('order-totals adds each order once', () =>
  running('order-totals', async (client) => {
    await client.send(order('a', 'a@example.com', 1.5))
    await client.send(order('b', 'a@example.com', 2))
    await client.send(order('c', 'a@example.com', 30))
    const total = async () => (await itemsOf(client, 'order-totals')).find(({ email }) => email === 'a@example.com')
    await expect.poll(total, soon).toEqual({ email: 'a@example.com', total: 33.5, orderCount: 3 })
    await expect.poll(() => itemsOf(client, 'order-totals'), soon).toHaveLength(21)
  }))

test('receipts mails each order once, also when it is deleted and put again', () =>
  running('receipts', async (client, command) => {
    await client.send(order('a', 'a@example.com', 12))
    await command.until(/mail to a@example\.com/)
    await client.send(withdrawal('a'))
    await client.send(order('a', 'a@example.com', 12))
    await client.send(order('b', 'b@example.com', 13))
    await command.until(/mail to b@example\.com/)
    await expect.poll(() => command.output().match(/^mail to customer-/gm), soon).toHaveLength(20)
    expect(command.output().match(/^mail to a@example\.com: thank you for order a, of 12 €$/gm)).toHaveLength(1)
  }))

test('inventory takes each order out of the stock once, and parks one for more than there is', () =>
  running('inventory', async (client, command) => {
    const sale = (id: string, product: string, units: number) =>
      new PutItemCommand({
        TableName: 'orders',
        Item: { id: { S: id }, product: { S: product }, units: { N: String(units) } },
      })
    await command.until(/^mug: 80 left$/m)
    await client.send(sale('a', 'lamp', 2))
    await client.send(sale('b', 'lamp', 1))
    await command.until(/^lamp: 0 left$/m)
    await expect.poll(() => command.output(), soon).toMatch(/parked.*stock_units_check/)
    expect(command.output().match(/^mug: /gm)).toHaveLength(20)
  }))
