import { pattern } from '../../internal/validate.ts'

/** A migration of the ledger's tables. */
export interface PostgresMigration {
  /** Ascending, and never changed once published. */
  readonly id: string
  readonly sql: string
}

/** What the statements are made for. */
export interface PostgresMigrationOptions {
  /** The schema that the tables are in. Default: the first of the connection's `search_path`. */
  readonly schema?: string
}

/** The names of the ledger's tables, in `schema` where one is given. */
export function tableNames(schema: string | undefined): { readonly shards: string; readonly marks: string } {
  const prefix = schema === undefined ? '' : `${schemaName(schema)}.`
  return { shards: `${prefix}tidemark_shards`, marks: `${prefix}tidemark_marks` }
}

function schemaName(schema: string): string {
  return pattern('schema', schema, /^[a-z_][a-z0-9_]{0,62}$/, 'a lower-case SQL name of up to 63 characters')
}

/**
 * The ledger's tables as SQL, for your own migration tool. Each can be run again without harm. `npx tidemark init postgres
 * --print` prints the same.
 */
export function postgresMigrations({ schema }: PostgresMigrationOptions = {}): readonly PostgresMigration[] {
  const { shards, marks } = tableNames(schema)
  const createSchema = schema === undefined ? '' : `CREATE SCHEMA IF NOT EXISTS ${schemaName(schema)};\n\n`
  return [
    {
      id: '0001-tidemark-ledger',
      sql: `${createSchema}-- One row a shard that a worker consumes: up to where its effects are committed, and who may commit more.
CREATE TABLE IF NOT EXISTS ${shards} (
  consumer text NOT NULL,
  table_name text NOT NULL,
  stream_label text NOT NULL,
  shard_id text NOT NULL,
  lease_created_at bigint NOT NULL,
  epoch bigint NOT NULL,
  session text NOT NULL,
  owner text NOT NULL,
  commits bigint NOT NULL,
  through text COLLATE "C" NOT NULL,
  holes text NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (consumer, table_name, stream_label, shard_id)
) WITH (fillfactor = 50);

-- One row a change: in Lambda, and where a change can come again under another sequence number.
CREATE TABLE IF NOT EXISTS ${marks} (
  consumer text NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  event_id text NOT NULL,
  writer text NOT NULL,
  completed_at bigint NOT NULL,
  PRIMARY KEY (consumer, idempotency_key)
);

CREATE INDEX IF NOT EXISTS tidemark_marks_completed_at ON ${marks} (consumer, completed_at);
`,
    },
  ]
}
