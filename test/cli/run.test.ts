import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandProject } from './support/command-project.ts'

const embedded = ['--table', 'orders', '--embedded']
const consumer = (handler: string) => `
import { createConsumer, silentLogger } from 'tidemark'
export default createConsumer({ name: 'receipts', logger: silentLogger, handler: async (record) => { ${handler} } })`

let project: CommandProject

beforeAll(() => {
  project = new CommandProject()
  project.write('quiet.mjs', consumer(''))
})
afterAll(() => project.remove())

const run = (...args: readonly string[]) => project.start('run', ...args)

describe('a consumer', () => {
  test('handles what is put, and SIGTERM releases its leases and ends with 0', async () => {
    project.write('consumer.mjs', consumer('console.log("effect", record.newImage.email)'))
    const command = run('./consumer.mjs', ...embedded, '--seed', '30')
    await command.until(/handled +30 in all/)
    expect(command.output().match(/^effect customer-\d+@example\.com$/gm)).toHaveLength(30)
    expect(await command.end('SIGTERM')).toBe(0)
    expect(command.output()).toMatch(/stopping +SIGTERM[\s\S]*stopped +1 lease released, 30 handled in all/)
  })

  test('in TypeScript needs tsx where Node.js does not strip types, and says so; with it, it runs', async () => {
    project.write('kind.ts', 'export enum Kind { Mail = "mail" }')
    project.write(
      'consumer.ts',
      `import { Kind } from './kind.js'${consumer('const kind: Kind = Kind.Mail; console.log("effect", kind)')}`,
    )
    const without = run('./consumer.ts', ...embedded)
    expect(await without.ended()).toBe(1)
    expect(without.output()).toContain('npm i -D tsx')
    project.lend('tsx')
    project.lend('esbuild')
    const command = run('./consumer.ts', ...embedded, '--seed', '1')
    await command.until(/effect mail/)
    expect(await command.end('SIGINT')).toBe(0)
  })

  test('a poison record is told once, with its key and its error, and the others go on', async () => {
    project.write('poison.mjs', consumer('if (record.keys.id.endsWith("-3")) throw new TypeError("no such total")'))
    const command = run('./poison.mjs', ...embedded, '--seed', '9', '--json')
    await command.until(/"event":"handled"/)
    await command.end('SIGTERM')
    const lines = jsonLines(command.output())
    const poison = lines.filter(({ event }) => event === 'poison')
    expect(poison).toMatchObject([
      { consumer: 'receipts', key: expect.stringMatching(/^id=\w+-3$/), error: { message: 'no such total' } },
    ])
    expect(lines.findLast(({ event }) => event === 'stopped')).toMatchObject({ handledCount: 8, releasedCount: 1 })
  })

  test('with --persist goes on where the process before it stopped', async () => {
    const args = ['./quiet.mjs', ...embedded, '--persist', 'state.json']
    const first = run(...args, '--seed', '5')
    await first.until(/handled +5 in all/)
    await first.end('SIGTERM')
    const second = run(...args, '--seed', '1')
    await second.until(/handled +\d+ in all/)
    await second.end('SIGTERM')
    expect(second.output()).toContain('1 handled in all')
  })

  test('a second signal does not wait for handlers: 130', async () => {
    project.write('slow.mjs', consumer('console.log("begun"); await new Promise(() => setInterval(() => {}, 1000))'))
    const command = run('./slow.mjs', ...embedded, '--seed', '1')
    await command.until(/begun/)
    void command.end('SIGINT')
    await command.until(/stopping/)
    // The two signals that one Ctrl+C under npx makes are one: only one that comes later counts.
    const again = setInterval(() => void command.end('SIGINT'), 100)
    expect(await command.ended()).toBe(130)
    clearInterval(again)
  })
})

describe('what is wrong is said', () => {
  test.each([
    ['export const handler = () => {}', 'exported: handler (a function)'],
    ['export default { name: "a", handler() {} }', 'pass it to createConsumer'],
    ['', 'exported: nothing'],
    ['const a = ;', 'const a = ;'],
    ['throw new Error("the database is down")', 'the database is down'],
    ["import 'no-such-package'", "Cannot find package 'no-such-package'"],
    ['import { createConsumer } from "tidemark"; createConsumer({ name: "", handler() {} })', 'name must be 1 to 100'],
  ])('of the module %j', async (text, complaint) => {
    project.write('bad.mjs', text)
    const command = run('./bad.mjs', ...embedded)
    expect(await command.ended()).toBe(1)
    expect(command.output()).toContain('./bad.mjs')
    expect(command.output()).toContain(complaint)
    expect(command.output()).not.toContain('node:internal')
  })

  test('of a region or credentials that are not there', async () => {
    const lost = run('./quiet.mjs', '--table', 'orders')
    expect(await lost.ended()).toBe(1)
    expect(lost.output()).toContain('there is no AWS region: give --region')
    const nobody = run('./quiet.mjs', '--table', 'orders', '--region', 'eu-west-1', '--profile', 'work')
    expect(await nobody.ended()).toBe(1)
    expect(nobody.output()).toContain("there are no AWS credentials in the profile 'work'")
  })

  test('of tables that are not there, with the command to type', async () => {
    const server = run('./quiet.mjs', ...embedded)
    const [, endpoint = ''] = /DynamoDB at (http:\S+),/.exec(await server.until(/started/)) ?? []
    const there = ['--endpoint-url', endpoint, '--region', 'local', '--profile', 'local']
    project.write('.aws/credentials', '[local]\naws_access_key_id = local\naws_secret_access_key = local\n')
    const table = run('./quiet.mjs', '--table', 'invoices', ...there)
    expect(await table.ended()).toBe(1)
    expect(table.output()).toContain("there is no table 'invoices' in local at http://127.0.0.1")
    const leases = run('./quiet.mjs', '--table', 'orders', '--coordination-table', 'leases', ...there)
    expect(await leases.ended()).toBe(1)
    expect(leases.output()).toMatch(/npx tidemark run \.\/quiet\.mjs .*--create-table\n/)
    expect(await server.end('SIGTERM')).toBe(0)
  })
})

function jsonLines(output: string): readonly Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
