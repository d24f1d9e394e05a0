import {
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { dynamoDBLocalMissing, startDynamoDBLocal } from '../../src/testing/dynamodb-local.ts'
import { missing } from './server.ts'

describe.skipIf(missing !== undefined)(`DynamoDB Local ${missing ?? ''}`, () => {
  test('answers at a free port until it is stopped', async () => {
    const [one, two] = await Promise.all([startDynamoDBLocal(), startDynamoDBLocal()])
    expect(one.port).not.toBe(two.port)
    for (const { clientConfig } of [one, two]) expect(await tables(clientConfig)).toEqual([])
    await Promise.all([one.stop(), two.stop()])
    await one.stop()
    for (const { pid } of [one, two]) expect(isRunning(pid)).toBe(false)
  })

  test('keeps its data in a folder when it is given one', async () => {
    const dbPath = mkdtempSync(join(tmpdir(), 'tidemark-dynamodb-'))
    const first = await startDynamoDBLocal({ dbPath })
    await createTable(first.clientConfig)
    await first.stop()
    const second = await startDynamoDBLocal({ dbPath })
    expect(await tables(second.clientConfig)).toEqual(['orders'])
    await second.stop()
    rmSync(dbPath, { recursive: true })
  })

  test('refuses a port that is taken', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, () => resolve(Number(Reflect.get(Object(taken.address()), 'port')))),
    )
    await expect(startDynamoDBLocal({ port })).rejects.toThrow(ConfigurationError)
    await new Promise((resolve) => taken.close(resolve))
  })

  test('says what Java said when it does not come up', async () => {
    const dbPath = '/nowhere/at/all'
    await expect(startDynamoDBLocal({ dbPath })).rejects.toThrow(/ended before it answered/)
  })

  test('says what to install when there is no Java', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      expect(dynamoDBLocalMissing()).toMatch(/needs Java 17/)
      await expect(startDynamoDBLocal()).rejects.toThrow(/needs Java 17: apt-get install default-jre-headless/)
    } finally {
      process.env['PATH'] = path
    }
  })

  test('does not keep a process alive that forgets to stop it, and does not outlive it', async () => {
    const { pid, exited } = await forgetful('leave')
    expect(await exited).toBe(0)
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
  })

  test('does not outlive a process that is killed, by whichever signal', async () => {
    const killed = ['SIGTERM', 'SIGKILL'] as const
    await Promise.all(
      killed.map(async (signal) => {
        const { pid, exited, kill } = await forgetful('stay')
        expect(isRunning(pid)).toBe(true)
        kill(signal)
        await exited
        await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
      }),
    )
  })
})

async function tables(clientConfig: DynamoDBClientConfig): Promise<readonly string[] | undefined> {
  const client = new DynamoDBClient(clientConfig)
  const { TableNames } = await client.send(new ListTablesCommand())
  client.destroy()
  return TableNames
}

async function createTable(clientConfig: DynamoDBClientConfig): Promise<void> {
  const client = new DynamoDBClient(clientConfig)
  await client.send(
    new CreateTableCommand({
      TableName: 'orders',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  )
  client.destroy()
}

async function forgetful(
  what: 'leave' | 'stay',
): Promise<{ pid: number; exited: Promise<number | null>; kill(signal: NodeJS.Signals): void }> {
  const script = fileURLToPath(new URL('./fixtures/forgetful.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, what], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(String(text)))))
  return { pid, exited, kill: (signal) => void child.kill(signal) }
}

// A process that has ended but that nobody has waited for yet is still listed, as a zombie.
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
