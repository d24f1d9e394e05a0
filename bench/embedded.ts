import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CreateTableCommandInput, DynamoDB, PutItemCommand } from '@aws-sdk/client-dynamodb'
import {
  createEmbeddedDynamoDB,
  dynamoDBLocalMissing,
  type EmbeddedDynamoDB,
  startDynamoDBLocal,
} from 'tidemark/testing'
import { printTable, shown } from './support/table.ts'
import { median, timed } from './support/timing.ts'

// The embedded engine beside DynamoDB Local. Over HTTP both are asked by the same client with the same settings in turns;
// the engine once in this process, where it shares the processor with the client, and once in one of its own.

const directWrites = 100_000
const rounds = 5
const requestsEach = 1_000
const atOnce = 16
const memoryWrites = 1_000_000
const memoryKeys = 10_000

const table: CreateTableCommandInput = {
  TableName: 'orders',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
}

function put(index: number): {
  TableName: string
  Item: Record<string, { S: string } | { N: string } | { BOOL: boolean }>
} {
  return {
    TableName: 'orders',
    Item: {
      pk: { S: `order#${index}` },
      customer: { S: `customer-${index}` },
      email: { S: `customer-${index}@example.com` },
      total: { N: `${index}.25` },
      paid: { BOOL: true },
      status: { S: 'OPEN' },
    },
  }
}

interface Clients {
  readonly clientConfig: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials }
}

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function clientOf({ clientConfig }: Clients): DynamoDB {
  return new DynamoDB({ ...clientConfig, requestHandler: { httpAgent: { keepAlive: true, maxSockets: atOnce } } })
}

async function firstAnswer(start: () => Promise<Clients>): Promise<number> {
  const { wallMs } = await timed(async () => {
    const server = await start()
    const { endpoint } = server.clientConfig
    const headers = { 'x-amz-target': 'DynamoDB_20120810.ListTables', authorization: signed, 'content-type': jsonType }
    const asked = request(endpoint, { method: 'POST', headers, agent: false }).end('{}')
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    if (response.statusCode !== 200) throw new Error(`${endpoint} answered ${response.statusCode}`)
  })
  return wallMs
}

const jsonType = 'application/x-amz-json-1.0'
const signed = 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0'

interface FirstAnswers {
  readonly direct: number
  readonly http: number
}

/** Measured in a process that has done nothing else before: only then is anything of it a first. */
async function sendFirstAnswers(): Promise<void> {
  const { wallMs: direct } = await timed(() => createEmbeddedDynamoDB().execute('ListTables', {}))
  const embedded = createEmbeddedDynamoDB()
  const http = await firstAnswer(() => embedded.listen())
  await embedded.close()
  process.send?.({ direct, http } satisfies FirstAnswers)
  process.disconnect()
}

async function startTimes(): Promise<void> {
  const answers: FirstAnswers[] = []
  for (let round = 0; round < rounds; round += 1) {
    const child = fork(process.argv[1] ?? '', ['first'])
    const [message] = (await once(child, 'message')) as [FirstAnswers]
    answers.push(message)
  }
  const rows: [string, string][] = [
    ['embedded, called directly', shown(median(answers.map(({ direct }) => direct)))],
    ['embedded, over HTTP', shown(median(answers.map(({ http }) => http)))],
  ]
  if (dynamoDBLocalMissing() === undefined) rows.push(['DynamoDB Local', shown(await firstOfLocal())])
  printTable('From the start to the first answer', ['', 'ms'], rows)
}

async function firstOfLocal(): Promise<number> {
  let stop: () => Promise<void> = async () => {}
  const answered = await firstAnswer(async () => {
    const server = await startDynamoDBLocal()
    stop = () => server.stop()
    return server
  })
  await stop()
  return answered
}

async function directWritesPerSecond(): Promise<void> {
  const rates: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const embedded = createEmbeddedDynamoDB()
    embedded.execute('CreateTable', table)
    const { wallMs } = await timed(async () => {
      for (let index = 0; index < directWrites; index += 1) await embedded.send(new PutItemCommand(put(index)))
    })
    rates.push(directWrites / (wallMs / 1_000))
  }
  const least = Math.min(...rates)
  const middle = median(rates)
  printTable(
    `PutItem through send, ${shown(directWrites)} new items into a table with a stream`,
    ['', 'per second'],
    [
      ['median', shown(Math.round(middle))],
      ['least', shown(Math.round(least))],
    ],
  )
}

type Call = (client: DynamoDB, index: number) => Promise<unknown>

const calls: Record<string, Call> = {
  PutItem: (client, index) => client.putItem(put(index)),
  GetItem: (client, index) => client.getItem({ TableName: 'orders', Key: { pk: { S: `order#${index}` } } }),
  'BatchWriteItem of 25': (client, index) =>
    client.batchWriteItem({
      RequestItems: {
        orders: Array.from({ length: 25 }, (_, at) => ({ PutRequest: { Item: put(index * 25 + at).Item } })),
      },
    }),
}

async function perSecond(client: DynamoDB, call: Call, from: number): Promise<number> {
  let next = from
  const worker = async () => {
    while (next < from + requestsEach) await call(client, next++)
  }
  const { wallMs } = await timed(() => Promise.all(Array.from({ length: atOnce }, worker)))
  return requestsEach / (wallMs / 1_000)
}

async function overHttp(): Promise<void> {
  const child = fork(process.argv[1] ?? '', ['serve'])
  const [far] = (await once(child, 'message')) as [Clients]
  const embedded = createEmbeddedDynamoDB()
  const servers: Record<string, Clients> = { 'in this process': await embedded.listen(), 'in another': far }
  const local = dynamoDBLocalMissing() === undefined ? await startDynamoDBLocal() : undefined
  if (local !== undefined) servers['DynamoDB Local'] = local
  const clients = Object.entries(servers).map(([name, server]) => ({ name, client: clientOf(server) }))
  for (const { client } of clients) await client.createTable(table)
  const header = Object.keys(servers)
  const rows: [string, ...string[]][] = []
  for (const [name, call] of Object.entries(calls)) {
    const rates = clients.map((): number[] => [])
    for (let round = 0; round < rounds; round += 1)
      for (const [at, { client }] of clients.entries())
        rates[at]?.push(await perSecond(client, call, round * requestsEach))
    rows.push([name, ...rates.map((list) => shown(Math.round(median(list))))])
  }
  printTable(`Requests per second over HTTP, SDK v3, ${atOnce} at once`, ['', ...header], rows)
  for (const { client } of clients) client.destroy()
  await embedded.close()
  await local?.stop()
  await ended(child)
}

async function ended(child: ChildProcess): Promise<void> {
  child.disconnect()
  if (child.exitCode === null) await once(child, 'exit')
}

async function memory(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heapMb = () => {
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const embedded = createEmbeddedDynamoDB()
  embedded.execute('CreateTable', table)
  await write(embedded, 0, memoryKeys * 2)
  const before = heapMb()
  await write(embedded, memoryKeys * 2, memoryWrites)
  printTable(
    `Heap, ${shown(memoryKeys)} items, the stream trimmed every ${shown(memoryKeys)} writes`,
    ['', 'MB'],
    [
      [`after ${shown(memoryKeys * 2)} writes`, shown(before)],
      [`after ${shown(memoryWrites)} writes`, shown(heapMb())],
    ],
  )
  embedded.execute('ListTables', {}) // it is still in use: what it holds was counted
}

async function write(embedded: EmbeddedDynamoDB, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const input = put(index % memoryKeys)
    input.Item['version'] = { N: String(index) }
    await embedded.send(new PutItemCommand(input))
    if (index % memoryKeys === memoryKeys - 1) embedded.trimStream('orders')
  }
}

async function serve(): Promise<void> {
  const embedded = createEmbeddedDynamoDB()
  const { clientConfig } = await embedded.listen()
  process.send?.({ clientConfig })
  process.once('disconnect', () => void embedded.close())
}

const [, , role] = process.argv
if (role === 'serve') await serve()
else if (role === 'first') await sendFirstAnswers()
else {
  await startTimes()
  await directWritesPerSecond()
  await overHttp()
  await memory()
}
