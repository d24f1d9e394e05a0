export type { PgPool } from './ledger/postgres/pg.ts'
export {
  postgresMigrations,
  type PostgresMigration,
  type PostgresMigrationOptions,
} from './ledger/postgres/migration.ts'
export {
  postgresLedger,
  type PostgresLedgerOptions,
  type PostgresLedgerSettings,
} from './ledger/postgres/postgres-ledger.ts'
export { postgresParkingLot, type PostgresParkingLotOptions } from './parking/postgres/postgres-parking-lot.ts'
