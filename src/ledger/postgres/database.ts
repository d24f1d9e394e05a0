import { ConfigurationError } from '../../errors.ts'
import { functionNamed, shape } from '../../internal/validate.ts'
import {
  drizzleDriver,
  kyselyDriver,
  pgliteDriver,
  postgresJsDriver,
  type DrizzleLike,
  type KyselyLike,
  type PGliteLike,
  type PostgresJs,
} from './callback-drivers.ts'
import type { PostgresDriver } from './driver.ts'
import { pgDriver, type PgPool } from './pg.ts'

// What users give is described by its one method, with whatever parameters: the driver's own types say what they are.

export interface Begins {
  begin(...parameters: never): unknown
}
export interface Transacts {
  transaction(...parameters: never): unknown
}
export interface TransactsByBuilder {
  transaction(): { execute(...parameters: never): unknown }
}

/** A PostgreSQL database: exactly one way to it. */
export type PostgresDatabase =
  | {
      /** A `Pool` of `pg`. */
      readonly pool: PgPool
    }
  | {
      /** A `postgres()` of postgres.js. */
      readonly sql: Begins
    }
  | { readonly pglite: Transacts }
  | { readonly kysely: TransactsByBuilder }
  | {
      /** A Drizzle database. */
      readonly drizzle: Transacts
    }

/** The names of the ways there are. */
export const databaseNames = ['pool', 'sql', 'pglite', 'kysely', 'drizzle'] as const

/** What a method that runs a callback in a transaction hands to it. */
type GivenTo<Work> = Work extends (transaction: infer Transaction, ...others: never) => unknown ? Transaction : never

/** The transaction that a method of a database hands to its callback. */
export type TransactionOf<Method> = Method extends (work: infer Work, ...others: never) => unknown
  ? GivenTo<Work>
  : never

/** Of postgres.js, whose \`begin\` can also be called with options before the callback. */
export type PostgresJsTransaction<Method> = Method extends {
  (work: infer Work): unknown
  (options: string, work: never): unknown
}
  ? GivenTo<Work>
  : never

/** `what` is to be made on the database, for messages. */
export function driverOf(what: string, options: PostgresDatabase): PostgresDriver<unknown> {
  const given = databaseNames.filter((name) => name in options)
  if (given.length !== 1)
    throw new ConfigurationError(
      `${what} needs exactly one of pool (pg), sql (postgres.js), pglite, kysely, drizzle; got ` +
        (given.length === 0 ? 'none' : given.join(' and ')),
    )
  if ('pool' in options) return pgDriver(withMethod('pool', options.pool, 'connect'))
  if ('sql' in options)
    return postgresJsDriver(withMethod('sql', options.sql, 'begin') as unknown as PostgresJs<object>)
  if ('pglite' in options)
    return pgliteDriver(withMethod('pglite', options.pglite, 'transaction') as unknown as PGliteLike<object>)
  if ('kysely' in options)
    return kyselyDriver(withMethod('kysely', options.kysely, 'transaction') as unknown as KyselyLike<object>)
  return drizzleDriver(withMethod('drizzle', options.drizzle, 'transaction') as unknown as DrizzleLike<object>)
}

function withMethod<Database extends object>(name: string, database: Database, method: keyof Database): Database {
  if (typeof database !== 'function') shape(name, database)
  functionNamed(`${name}.${String(method)}`, database[method])
  return database
}
