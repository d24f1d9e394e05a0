import { postgresMigrations } from '../../ledger/postgres/migration.ts'
import { command, UsageError, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { flag, value, type Read } from '../options.ts'
import { withPackage } from '../package-missing.ts'

/** `tidemark init postgres`. */
export const initPostgresCommand: Command = command({
  name: 'postgres',
  summary: 'Creates the tables of postgresLedger in PostgreSQL, or prints the SQL',
  description:
    'Needs the package pg. Tables that are there already stay as they are; a second time is no harm. Without --url and ' +
    'DATABASE_URL it connects as psql does, by PGHOST, PGUSER, PGPASSWORD and so on.',
  options: {
    url: value('URL', 'The database, postgres://user@host:5432/name; else DATABASE_URL', postgresUrl),
    schema: value('NAME', 'The schema of the tables, created if need be; else the first of search_path', schemaName),
    print: flag('Connect to nothing; print the SQL'),
  },
  async run({ url, schema, print }) {
    const migrations = postgresMigrations(schema === undefined ? {} : { schema })
    if (print) {
      console.log(migrations.map(({ id, sql }) => `-- ${id}\n${sql.trimEnd()}`).join('\n\n'))
      return exitCodes.ok
    }
    const inEnvironment = process.env['DATABASE_URL'] ?? ''
    const connectionUrl = url ?? (inEnvironment === '' ? undefined : postgresUrl('DATABASE_URL', inEnvironment))
    const { migrate } = await withPackage(import('./postgres-migrate.ts'), { prefix: 'pg', needs: 'pg: npm i pg' })
    console.log(`the tables of postgresLedger in ${await migrate(connectionUrl, migrations)} are ready`)
    return exitCodes.ok
  },
})

/** Its complaint does not repeat the value: that may hold a password. */
function postgresUrl(option: string, text: string): string {
  if (/^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text)) return text
  throw new UsageError(`${option} must be a URL such as postgres://user@localhost:5432/name`)
}

function schemaName(...[option, text]: Parameters<Read<string>>): string {
  try {
    postgresMigrations({ schema: text })
    return text
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`)
  }
}
