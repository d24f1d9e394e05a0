import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { postgresLedger } from '../../src/postgres.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'
import { admin, startPostgres, type PostgresServer } from '../support/postgres-server.ts'
import { CommandProject } from './support/command-project.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let server: PostgresServer
const projects: CommandProject[] = []
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  for (const project of projects) project.remove()
  await server.stop()
})

function projectWith(env: Record<string, string> = {}): CommandProject {
  const project = new CommandProject(env)
  project.lend('pg')
  projects.push(project)
  return project
}

async function init(project: CommandProject, ...args: readonly string[]) {
  const running = project.start('init', 'postgres', ...args)
  return { code: await running.ended(), output: running.output() }
}

const urlOf = (more: { readonly user?: string; readonly port?: number; readonly database?: string } = {}) => {
  const { user, host, port, database } = { ...server.config, ...more }
  return `postgres://${user}:secret@${host}:${port}/${database}`
}

describe('init postgres', () => {
  test.each([
    ['--url', () => projectWith(), () => ['--url', urlOf(), '--schema', 'by_url']],
    ['DATABASE_URL', () => projectWith({ DATABASE_URL: urlOf() }), () => ['--schema', 'by_variable']],
    [
      'PG*',
      () => {
        const { host, port, user, database } = server.config
        return projectWith({ PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database })
      },
      () => ['--schema', 'by_pg'],
    ],
  ])('by %s: creates tables that the ledger finds, and a second time is no harm', async (_, project, args) => {
    const user = project()
    for (let time = 0; time < 2; time += 1)
      expect(await init(user, ...args())).toEqual({
        code: 0,
        output: `the tables of postgresLedger in database 'postgres' at 127.0.0.1:${server.config.port} are ready\n`,
      })
    const schema = args().at(-1)
    const pool = new pg.Pool(server.config)
    const consumer = createConsumer({
      name: 'ledger-user',
      logger: silentLogger,
      ledger: postgresLedger({ pool, ...(schema === undefined ? {} : { schema }) }),
      handler: () => {},
    })
    const batch = batchOfEvent(lambdaEvent(...changes('A:1')))
    expect((await consumer.process(batch)).settlements).toEqual(['handled'])
    expect((await consumer.process(batch)).settlements).toEqual(['duplicate'])
    await pool.end()
  })

  test('what stands in the way is said in one sentence, without the password', async () => {
    await admin(server.config, 'CREATE ROLE guest LOGIN')
    const project = projectWith()
    const complaints = [
      [
        ['--url', urlOf({ port: 1 })],
        /^tidemark: nothing listens where database 'postgres' at 127\.0\.0\.1:1 should be/,
      ],
      [['--url', urlOf({ user: 'nobody' })], /does not let 'nobody' in: role "nobody" does not exist\n$/],
      [['--url', urlOf({ database: 'none' })], /database 'none' at \S+ is not there .*: create it first/],
      [['--url', urlOf({ user: 'guest' })], /^tidemark: 'guest' may not create the tables in database 'postgres'/],
    ] as const
    for (const [args, complaint] of complaints) {
      const { code, output } = await init(project, ...args)
      expect(output).toMatch(complaint)
      expect(output.trimEnd()).not.toContain('\n')
      expect(output).not.toContain('secret')
      expect(code).toBe(1)
    }
  })
})
