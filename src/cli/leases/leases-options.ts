import { parseCommandLine, type CommandLine } from '../command-line.ts'
import { UsageError } from '../command.ts'
import { durationMs, httpUrl, nameOfTable } from '../option-values.ts'
import type { AwsOptions } from '../run/run-options.ts'

/** What `tidemark leases` was asked to do. */
export interface LeasesOptions {
  readonly direction: 'import' | 'export'
  readonly kclTableName: string
  readonly tableName: string
  readonly consumer: string
  readonly coordinationTableName: string
  readonly apply: boolean
  readonly multiStream: boolean
  readonly observeMs: number | undefined
  readonly json: boolean
  readonly aws: AwsOptions
}

const options = {
  help: { type: 'boolean', short: 'h' },
  'kcl-table': { type: 'string' },
  table: { type: 'string' },
  consumer: { type: 'string' },
  'coordination-table': { type: 'string' },
  apply: { type: 'boolean' },
  'multi-stream': { type: 'boolean' },
  observe: { type: 'string' },
  json: { type: 'boolean' },
  'endpoint-url': { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
} as const

/** Reads the command line; `undefined` when it asks for help. @throws UsageError */
export function readLeasesOptions(args: readonly string[]): LeasesOptions | undefined {
  const line = parseCommandLine(args, options)
  if (line.has('help')) return undefined
  const direction = readDirection(line)
  if (direction === 'import' && line.has('multi-stream'))
    throw new UsageError('--multi-stream goes with export: an import reads from the rows of which kind they are')
  const [observe, endpointUrl] = [line.value('observe'), line.value('endpoint-url')]
  return {
    direction,
    kclTableName: required(line, 'kcl-table', "KCL's lease table, which has the name of its application", nameOfTable),
    tableName: required(line, 'table', 'the table whose changes are consumed', nameOfTable),
    consumer: required(line, 'consumer', 'the name given to createConsumer', nameOfConsumer),
    coordinationTableName: nameOfTable('--coordination-table', line.value('coordination-table') ?? 'tidemark'),
    apply: line.has('apply'),
    multiStream: line.has('multi-stream'),
    // Less than a renewal of KCL's takes (3.3 s) would find nobody alive who is.
    observeMs: observe === undefined ? undefined : durationMs('--observe', observe, 5_000, 300_000),
    json: line.has('json'),
    aws: {
      endpointUrl: endpointUrl === undefined ? undefined : httpUrl('--endpoint-url', endpointUrl),
      region: line.value('region'),
      profile: line.value('profile'),
    },
  }
}

function readDirection({ positionals: [direction, ...more] }: CommandLine): 'import' | 'export' {
  if (direction === undefined) throw new UsageError('leases needs a direction: leases import, or leases export')
  if (direction !== 'import' && direction !== 'export')
    throw new UsageError(`leases can import and export; got '${direction}'`)
  if (more[0] !== undefined) throw new UsageError(`leases ${direction} takes no '${more[0]}'`)
  return direction
}

function required(
  line: CommandLine,
  name: string,
  meaning: string,
  read: (option: string, text: string) => string,
): string {
  const text = line.value(name)
  if (text === undefined) throw new UsageError(`--${name} is missing: ${meaning}`)
  return read(`--${name}`, text)
}

function nameOfConsumer(option: string, text: string): string {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(text)) return text
  throw new UsageError(`${option} must be 1 to 100 characters of A-Z a-z 0-9 . _ -; got '${text}'`)
}
