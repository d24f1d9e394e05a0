import { ScanCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMigrations } from '../../src/postgres.ts'
import { CliWorld } from './support/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
})
afterAll(() => world.close())

const items = async () => (await world.engine.send(new ScanCommand({ TableName: 'orders' }))).Items ?? []

describe('init', () => {
  test('creates the table, and a second time is no harm', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await world.run('init', '--table-name', 'leases')
      expect(stdout).toMatch(/^table 'leases' in local at http:\S+ is ready$/m)
      expect(code).toBe(0)
    }
    const { TimeToLiveDescription } = await world.engine.send(new DescribeTimeToLiveCommand({ TableName: 'leases' }))
    expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' })
  })

  test('refuses a table with another key', async () => {
    const { code, output } = await world.run('init', '--table-name', 'orders')
    expect(code).toBe(1)
    expect(output).toContain("table 'orders' has the key schema (id HASH S)")
  })

  test('prints what would make it, and needs nobody for that', async () => {
    const nowhere = ['--endpoint-url', 'http://localhost:1', '--table-name', 'leases']
    const terraform = await world.run('init', '--print', 'terraform', ...nowhere)
    expect(terraform.stdout).toContain('resource "aws_dynamodb_table" "tidemark" {\n  name         = "leases"')
    const cloudformation = await world.run('init', '--print', 'cloudformation', ...nowhere)
    expect(cloudformation.stdout).toContain('TableName: leases')
    const { stdout } = await world.run('init', '--print', 'iam', ...nowhere)
    const { Statement } = JSON.parse(stdout) as { Statement: { Resource: string; Action: string[] }[] }
    expect(Statement.find(({ Resource }) => Resource.endsWith('table/leases'))?.Action).toContain('dynamodb:UpdateItem')
  })

  test('prints the tables of PostgreSQL, and needs neither a server nor the package pg for that', async () => {
    const { code, stdout } = await world.run('init', 'postgres', '--print', '--schema', 'ledgers')
    const printed = postgresMigrations({ schema: 'ledgers' }).map(({ id, sql }) => `-- ${id}\n${sql}`)
    expect(stdout).toBe(printed.join('\n'))
    expect(code).toBe(0)
  })

  test('says what to install where the package pg is missing', async () => {
    const { code, output } = await world.run('init', 'postgres', '--url', 'postgres://localhost:1/none')
    expect(output).toBe('tidemark: this command needs pg: npm i pg\n')
    expect(code).toBe(1)
  })

  test.each([
    [['postgres', '--schema', 'My Schema'], '--schema: schema must be a lower-case SQL name of up to 63 characters'],
    [['postgres', '--url', 'mysql://me:secret@host/db'], '--url must be a URL such as postgres://'],
    [['postgress'], 'too many arguments'],
  ])('%j is refused', async (args, complaint) => {
    const { code, output } = await world.run('init', ...args)
    expect(code).toBe(2)
    expect(output).toContain(complaint)
    expect(output).not.toContain('secret')
  })
})

describe('send', () => {
  test.each([
    ['plain JSON', '{"id":"p","total":42,"to":{"city":"Rome"},"tags":["a",null]}'],
    [
      "DynamoDB's",
      '{"id":{"S":"p"},"total":{"N":"42"},"to":{"M":{"city":{"S":"Rome"}}},"tags":{"L":[{"S":"a"},{"NULL":true}]}}',
    ],
  ])('puts an item of %s', async (_, item) => {
    const { code } = await world.run('send', 'orders', '--item', item, '--yes')
    expect(code).toBe(0)
    expect((await items()).find(({ id }) => id?.S === 'p')).toEqual({
      ...{ id: { S: 'p' }, total: { N: '42' }, to: { M: { city: { S: 'Rome' } } } },
      tags: { L: [{ S: 'a' }, { NULL: true }] },
    })
  })

  test('puts so many samples over so many keys, each in its order', async () => {
    const before = await items()
    const { code, stdout } = await world.run('send', 'orders', '--count', '25', '--keys', '4', '--yes')
    expect(stdout).toMatch(/^25 items put into orders in local/)
    expect(code).toBe(0)
    const added = (await items()).filter(({ id }) => !before.some((one) => one['id']?.S === id?.S))
    expect(added.map(({ round }) => Number(round?.N)).toSorted((a, b) => a - b)).toEqual([6, 6, 6, 7])
  })

  test('asks nobody where there is no terminal, and does nothing', async () => {
    const before = await items()
    const { code, output } = await world.run('send', 'orders', '--count', '1')
    expect(code).toBe(2)
    expect(output).toContain('Say so with --yes')
    expect(await items()).toEqual(before)
  })

  test.each([
    [['orders'], 'send needs one of --item and --count, and not both'],
    [['orders', '--item', '[1]'], '--item must be a JSON object'],
    [['orders', '--item', '{"id":"1","n":12345678901234567890}'], '"total":{"N":"12345678901234567890"}'],
    [['orders', '--item', '{"id":"\\"1","n":[0.12345678901234567890]}'], 'would round, 0.12345678901234567890'],
    [['orders', '--item', '{"id":"1"}', '--rate', '1'], '--keys and --rate go with --count'],
  ])('%j is refused', async (args, complaint) => {
    const { code, output } = await world.run('send', ...args)
    expect(code).toBe(2)
    expect(output).toContain(complaint)
  })

  test('of a long value that is refused only the beginning is repeated', async () => {
    const { code, output } = await world.run('send', 'orders', '--item', `{"id":"${'x'.repeat(100_000)}`)
    expect(code).toBe(2)
    expect(output).toContain(`got '{"id":"${'x'.repeat(53)}…'`)
  })

  test('an item that the table does not take is refused in one sentence', async () => {
    const { code, output } = await world.run('send', 'orders', '--item', '{"no":"key"}', '--yes')
    expect(code).toBe(1)
    expect(output).toMatch(/^tidemark: DynamoDB refuses the request: .*key.*\n$/)
  })
})
