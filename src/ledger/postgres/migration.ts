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

/** What the tables of the ledger and its parking lot are called. */
export interface TableNames {
  readonly shards: string
  readonly marks: string
  readonly lanes: string
  readonly records: string
  readonly past: string
  readonly fences: string
}

/** The names of the tables, in `schema` where one is given. */
export function tableNames(schema: string | undefined): TableNames {
  const prefix = schema === undefined ? '' : `${schemaName(schema)}.`
  return {
    shards: `${prefix}tidemark_shards`,
    marks: `${prefix}tidemark_marks`,
    lanes: `${prefix}tidemark_parked_lanes`,
    records: `${prefix}tidemark_parked_records`,
    past: `${prefix}tidemark_parked_past`,
    fences: `${prefix}tidemark_parked_shards`,
  }
}

function schemaName(schema: string): string {
  return pattern('schema', schema, /^[a-z_][a-z0-9_]{0,62}$/, 'a lower-case SQL name of up to 63 characters')
}

/**
 * The ledger's tables as SQL, for your own migration tool. Each can be run again without harm. `npx tidemark init postgres
 * --print` prints the same.
 */
export function postgresMigrations({ schema }: PostgresMigrationOptions = {}): readonly PostgresMigration[] {
  const tables = tableNames(schema)
  const { shards, marks } = tables
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
    { id: '0002-tidemark-parking', sql: parkingTables(tables) },
    {
      id: '0003-tidemark-repetitions',
      sql: `-- Where there are no marks: from where on what left the lot has to run again.
ALTER TABLE ${tables.lanes} ADD COLUMN IF NOT EXISTS repeated_from text COLLATE "C";
`,
    },
  ]
}

function parkingTables({ lanes, records, past, fences }: TableNames): string {
  return `-- One row a lane with which something is out of the ordinary: parked, an attempt noted, or cleared lately.
CREATE TABLE IF NOT EXISTS ${lanes} (
  consumer text NOT NULL,
  lane_id text COLLATE "C" NOT NULL,
  table_name text NOT NULL,
  lane_key json NOT NULL,
  parked_at bigint,
  record_count bigint NOT NULL DEFAULT 0,
  error json,
  holder text,
  held_until bigint,
  noted_position text COLLATE "C",
  noted_count bigint,
  cleared_through text COLLATE "C",
  expires_at bigint,
  PRIMARY KEY (consumer, lane_id)
);

CREATE INDEX IF NOT EXISTS tidemark_parked_lanes_expires_at ON ${lanes} (consumer, expires_at);

-- One row a record that waits, whole.
CREATE TABLE IF NOT EXISTS ${records} (
  consumer text NOT NULL,
  lane_id text COLLATE "C" NOT NULL,
  position text COLLATE "C" NOT NULL,
  event_id text NOT NULL,
  sequence_number text NOT NULL,
  attempts bigint NOT NULL,
  parked_at bigint NOT NULL,
  body json NOT NULL,
  PRIMARY KEY (consumer, lane_id, position)
);

-- What became of records that were parked; of a dropped one its body too. Kept for 30 days.
CREATE TABLE IF NOT EXISTS ${past} (
  consumer text NOT NULL,
  lane_id text COLLATE "C" NOT NULL,
  position text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  settled_at bigint NOT NULL,
  settled_by text NOT NULL,
  reason text,
  event_id text NOT NULL,
  sequence_number text NOT NULL,
  attempts bigint NOT NULL,
  body json,
  PRIMARY KEY (consumer, lane_id, position)
);

CREATE INDEX IF NOT EXISTS tidemark_parked_past_settled_at ON ${past} (consumer, settled_at);

-- One row a shard that a worker consumes: who may park under its lease.
CREATE TABLE IF NOT EXISTS ${fences} (
  consumer text NOT NULL,
  table_name text NOT NULL,
  stream_label text NOT NULL,
  shard_id text NOT NULL,
  lease_created_at bigint NOT NULL,
  epoch bigint NOT NULL,
  opened_at bigint NOT NULL,
  PRIMARY KEY (consumer, table_name, stream_label, shard_id)
);
`
}
