import type { Consumer } from '../consumer/consumer.ts'
import { ConfigurationError } from '../errors.ts'
import { systemClock, systemHost, systemLogger, systemRandom } from '../internal/system.ts'
import { choice, functionNamed, integer, knownNames, pattern, reject, shape } from '../internal/validate.ts'
import { longestLeaseMs } from '../leases/fleet-options.ts'
import type { WorkerOptions } from './options.ts'

/** The options with every default filled in. */
export type ResolvedWorkerOptions = Required<Omit<WorkerOptions, 'tableName'>> & {
  readonly tableNames: readonly string[]
}

const optionNames = [
  ...['tableName', 'dynamodb', 'streams', 'coordinationTableName', 'startAt', 'leaseDurationMs', 'workerName'],
  ...['checkpointIntervalMs', 'shutdownTimeoutMs', 'onGap', 'idlePollMs', 'maxReadsPerSecond', 'maxRunAheadRecords'],
  ...['maxRunAheadBytes', 'logger', 'clock', 'random'],
]
const tableNamePattern = /^[A-Za-z0-9_.-]{3,255}$/
const megabyte = 1_024 * 1_024

/** Checks every option and fills in the defaults. Throws a `ConfigurationError` that shows what was expected and given. */
export function resolveWorkerOptions(options: WorkerOptions): ResolvedWorkerOptions {
  shape('createWorker options', options)
  knownNames('createWorker options', options, optionNames)
  const { dynamodb, streams, clock = systemClock, random = systemRandom, logger = systemLogger } = options
  shape('dynamodb', dynamodb)
  functionNamed('dynamodb.send', dynamodb.send)
  shape('streams', streams)
  functionNamed('streams.send', streams.send)
  return {
    ...{ dynamodb, streams, clock, random, logger },
    tableNames: resolveTableNames(options.tableName),
    coordinationTableName: tableNameOf('coordinationTableName', options.coordinationTableName),
    startAt: choice('startAt', options.startAt ?? 'TRIM_HORIZON', ['TRIM_HORIZON', 'LATEST'] as const),
    leaseDurationMs: integer('leaseDurationMs', options.leaseDurationMs ?? 10_000, 1_000, longestLeaseMs),
    checkpointIntervalMs: integer('checkpointIntervalMs', options.checkpointIntervalMs ?? 1_000, 10, 60_000),
    shutdownTimeoutMs: integer('shutdownTimeoutMs', options.shutdownTimeoutMs ?? 20_000, 0, 900_000),
    onGap: choice('onGap', options.onGap ?? 'halt', ['halt', 'continue'] as const),
    idlePollMs: integer('idlePollMs', options.idlePollMs ?? 2_000, 10, 60_000),
    maxReadsPerSecond: readsPerSecond(options.maxReadsPerSecond ?? 5),
    maxRunAheadRecords: integer('maxRunAheadRecords', options.maxRunAheadRecords ?? 10_000, 1_000, 1_000_000),
    maxRunAheadBytes: integer(
      'maxRunAheadBytes',
      options.maxRunAheadBytes ?? 32 * megabyte,
      megabyte,
      1_024 * megabyte,
    ),
    workerName: pattern('workerName', options.workerName ?? systemHost(), /^.{1,200}$/, '1 to 200 characters'),
  }
}

/** The consumers to run: one, or several with different names. */
export function resolveConsumers(consumers: Consumer | readonly Consumer[]): readonly Consumer[] {
  const list = Array.isArray(consumers) ? (consumers as readonly Consumer[]) : [consumers as Consumer]
  if (list.length === 0) reject('consumer', 'what createConsumer returns, or a list of at least one', list)
  for (const consumer of list)
    if (typeof consumer?.flow !== 'function') reject('consumer', 'what createConsumer returns', consumer)
  const twice = list.find(({ name }, index) => list.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined)
    throw new ConfigurationError(`two consumers are named '${twice.name}': they would share one memory`)
  return list
}

function resolveTableNames(tableName: WorkerOptions['tableName']): readonly string[] {
  const names = typeof tableName === 'string' ? [tableName] : tableName
  if (!Array.isArray(names) || names.length === 0)
    return reject('tableName', 'the name of a table, or a list', tableName)
  return [...new Set(names.map((name: unknown) => tableNameOf('tableName', name)))]
}

function tableNameOf(option: string, name: unknown): string {
  return pattern(option, name, tableNamePattern, 'the name of a table: 3 to 255 characters of A-Z a-z 0-9 _ . -')
}

function readsPerSecond(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : reject('maxReadsPerSecond', 'a number above 0', value)
}
