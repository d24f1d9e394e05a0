import pg from 'pg'
import { LedgerError } from '../../errors.ts'
import type { PostgresMigration } from '../../ledger/postgres/migration.ts'
import { sqlStateOf } from '../../ledger/postgres/sql-state.ts'

/** Runs them, each in a transaction of its own; returns how the database is called, without its password. */
export async function migrate(url: string | undefined, migrations: readonly PostgresMigration[]): Promise<string> {
  const client = new pg.Client({
    connectionTimeoutMillis: 10_000,
    ...(url === undefined ? {} : { connectionString: url }),
  })
  const place = `database '${client.database ?? ''}' at ${client.host}:${client.port}`
  client.on('error', () => {}) // the statement under way fails as well, and that is what is told
  try {
    await client.connect()
    // Several statements in one query are one transaction.
    for (const { sql } of migrations) await client.query(sql)
    return place
  } catch (error) {
    // Without its cause: further up a connection that was refused would be taken for one to AWS.
    throw new LedgerError(fault(error, place, client.user ?? ''), { retryable: false })
  } finally {
    await client.end().catch(() => {}) // it is closed already
  }
}

function fault(error: unknown, place: string, user: string): string {
  const said = saidBy(error)
  switch (sqlStateOf(error)) {
    case '28P01':
    case '28000':
      return `${place} does not let '${user}' in: ${said}`
    case '3D000':
      return `${place} is not there (${said}): create it first, or name another with --url, DATABASE_URL or PGDATABASE`
    case '42501':
      return `'${user}' may not create the tables in ${place} (${said}): it needs CREATE on the schema, or on the database`
    case '3F000':
      return `there is no schema to create the tables in, in ${place} (${said}): name one with --schema`
    case undefined:
      return unanswered(error, place, said)
    default:
      return `${place} refuses: ${said} (SQLSTATE ${sqlStateOf(error)})`
  }
}

/** Of what was said by no server: the network, or `pg` itself. */
function unanswered(error: unknown, place: string, said: string): string {
  const { code } = error as { readonly code?: unknown }
  if (code === 'ECONNREFUSED')
    return `nothing listens where ${place} should be: is it running, and are --url, DATABASE_URL or PGHOST and PGPORT right?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no such host as that of ${place}`
  if (said.includes('password must be a string'))
    return `${place} asks for a password: put it into the URL, or PGPASSWORD`
  return `${place} could not be reached: ${said}`
}

/** Of several addresses of a host that were all tried, the first tells. */
function saidBy(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error ? first.message : String(first)
}
