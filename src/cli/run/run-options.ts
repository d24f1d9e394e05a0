import type { StartPosition } from '../../leases/lease.ts'
import { type CommandLine, parseCommandLine } from '../command-line.ts'
import { UsageError } from '../command.ts'
import { durationMs, httpUrl, nameOfTable, oneOf, wholeNumber } from '../option-values.ts'

/** Which DynamoDB is meant, in the words of the AWS CLI. */
export interface AwsOptions {
  readonly endpointUrl: string | undefined
  readonly region: string | undefined
  readonly profile: string | undefined
}

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

const options = {
  help: { type: 'boolean', short: 'h' },
  table: { type: 'string', multiple: true },
  start: { type: 'string' },
  'on-gap': { type: 'string' },
  'worker-name': { type: 'string' },
  'lease-duration': { type: 'string' },
  'coordination-table': { type: 'string' },
  'create-table': { type: 'boolean' },
  'endpoint-url': { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
  embedded: { type: 'boolean' },
  port: { type: 'string' },
  persist: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** Reads the command line; `undefined` when it asks for help. @throws UsageError */
export function readRunOptions(args: readonly string[]): RunOptions | undefined {
  const line = parseCommandLine(args, options)
  if (line.has('help')) return undefined
  checkCompany(line)
  const coordinationTableName = nameOfTable('--coordination-table', line.value('coordination-table') ?? 'tidemark')
  return {
    modulePath: readModulePath(line),
    tableNames: readTableNames(line, coordinationTableName),
    coordinationTableName,
    createTable: line.has('create-table') || line.has('embedded'),
    startAt: readStart(line),
    onGap: oneOf('--on-gap', line.value('on-gap') ?? 'halt', ['halt', 'continue']),
    workerName: readWorkerName(line),
    leaseDurationMs: given(line, 'lease-duration', (name, text) => durationMs(name, text, 1_000, 300_000)),
    json: line.has('json'),
    aws: {
      endpointUrl: given(line, 'endpoint-url', httpUrl),
      region: line.value('region'),
      profile: line.value('profile'),
    },
    embedded: line.has('embedded') ? readEmbedded(line) : undefined,
  }
}

function readModulePath({ positionals: [path, ...more] }: CommandLine): string {
  if (path === undefined)
    throw new UsageError('run needs the module that exports your consumer: tidemark run ./consumer.ts --table orders')
  if (more[0] !== undefined) throw new UsageError(`run takes one module; got '${path}' and '${more.join("', '")}'`)
  return path
}

function readTableNames(line: CommandLine, coordinationTableName: string): readonly string[] {
  const names = [...new Set(line.values('table').map((name) => nameOfTable('--table', name)))]
  if (names.length === 0) throw new UsageError('--table is missing: the table whose changes the consumer is to handle')
  if (names.includes(coordinationTableName))
    throw new UsageError(`--table and --coordination-table must be two tables; both are '${coordinationTableName}'`)
  return names
}

function readStart(line: CommandLine): StartPosition {
  const start = oneOf('--start', line.value('start') ?? 'trim-horizon', ['trim-horizon', 'latest'])
  return start === 'latest' ? 'LATEST' : 'TRIM_HORIZON'
}

function readWorkerName(line: CommandLine): string | undefined {
  const name = line.value('worker-name')
  if (name === undefined || /^[A-Za-z0-9._-]{1,100}$/.test(name)) return name
  throw new UsageError(`--worker-name must be 1 to 100 characters of A-Z a-z 0-9 . _ -; got '${name}'`)
}

function readEmbedded(line: CommandLine): EmbeddedOptions {
  return {
    persistTo: line.value('persist'),
    port: given(line, 'port', (name, text) => wholeNumber(name, text, 0, 65_535)) ?? 0,
    seedCount: given(line, 'seed', (name, text) => wholeNumber(name, text, 0, 100_000)) ?? 0,
  }
}

/** Options that say nothing without another, or contradict one. */
function checkCompany(line: CommandLine): void {
  if (line.has('embedded')) {
    const stray = ['endpoint-url', 'profile'].find((name) => line.has(name))
    if (stray !== undefined)
      throw new UsageError(`--${stray} and --embedded exclude each other: the embedded DynamoDB is in this process`)
    return
  }
  const lonely = ['persist', 'port', 'seed'].find((name) => line.has(name))
  if (lonely !== undefined) throw new UsageError(`--${lonely} goes with --embedded`)
}

function given<Value>(
  line: CommandLine,
  name: string,
  read: (option: string, text: string) => Value,
): Value | undefined {
  const text = line.value(name)
  return text === undefined ? undefined : read(`--${name}`, text)
}
