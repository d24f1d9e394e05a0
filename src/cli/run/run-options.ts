import { UsageError } from '../command.ts'
import type { AwsOptions } from '../aws/aws-options.ts'
import type { StartPosition } from '../../leases/lease.ts'

/** How the DynamoDB in this process is started. */
export interface EmbeddedOptions {
  readonly persistTo: string | undefined
  readonly port: number
  readonly seedCount: number
}

/** What `tidemark run` was asked to do. */
export interface RunOptions {
  readonly modulePath: string
  readonly tableNames: readonly string[]
  readonly coordinationTableName: string
  /** Whether a missing coordination table is created: when asked for, and in a DynamoDB of our own always. */
  readonly createTable: boolean
  readonly startAt: StartPosition
  readonly onGap: 'halt' | 'continue'
  readonly workerName: string | undefined
  readonly leaseDurationMs: number | undefined
  readonly json: boolean
  readonly aws: AwsOptions
  readonly embedded: EmbeddedOptions | undefined
}

/** The command line as it was typed, each value read. */
export interface TypedRun extends AwsOptions {
  readonly module: string
  readonly table: readonly string[]
  readonly start: 'trim-horizon' | 'latest'
  readonly onGap: 'halt' | 'continue'
  readonly workerName: string | undefined
  readonly leaseDuration: number | undefined
  readonly json: boolean
  readonly coordinationTable: string
  readonly createTable: boolean
  readonly embedded: boolean
  readonly port: number | undefined
  readonly persist: string | undefined
  readonly seed: number | undefined
}

/** Makes of what was typed what is to be done. @throws UsageError */
export function readRunOptions(typed: TypedRun): RunOptions {
  checkCompany(typed)
  const { module: modulePath, coordinationTable: coordinationTableName, embedded, start, onGap, json } = typed
  return {
    ...{ modulePath, coordinationTableName, onGap, json, workerName: typed.workerName, aws: typed },
    tableNames: readTableNames(typed.table, coordinationTableName),
    createTable: typed.createTable || embedded,
    startAt: start === 'latest' ? 'LATEST' : 'TRIM_HORIZON',
    leaseDurationMs: typed.leaseDuration,
    embedded: embedded ? { persistTo: typed.persist, port: typed.port ?? 0, seedCount: typed.seed ?? 0 } : undefined,
  }
}

function readTableNames(typed: readonly string[], coordinationTableName: string): readonly string[] {
  const names = [...new Set(typed)]
  if (names.length === 0) throw new UsageError('--table is missing: the table whose changes the consumer is to handle')
  if (names.includes(coordinationTableName))
    throw new UsageError(`--table and --coordination-table must be two tables; both are '${coordinationTableName}'`)
  return names
}

/** Options that say nothing without another, or contradict one. */
function checkCompany({ embedded, endpointUrl, profile, ...others }: TypedRun): void {
  if (embedded) {
    const stray = endpointUrl === undefined ? (profile === undefined ? undefined : 'profile') : 'endpoint-url'
    if (stray !== undefined)
      throw new UsageError(`--${stray} and --embedded exclude each other: the embedded DynamoDB is in this process`)
    return
  }
  const lonely = (['persist', 'port', 'seed'] as const).find((name) => others[name] !== undefined)
  if (lonely !== undefined) throw new UsageError(`--${lonely} goes with --embedded`)
}
