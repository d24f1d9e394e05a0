import { type AwsOptions, awsOptions, coordinationTable } from '../aws/aws-options.ts'
import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command, group } from '../command.ts'
import { durationMs, nameOfTable, shortName } from '../option-values.ts'
import { flag, required, value } from '../options.ts'

const common = {
  kclTable: required('NAME', "KCL's lease table, which has the name of its application", nameOfTable),
  table: required('NAME', 'The table whose changes are consumed; its latest stream is meant', nameOfTable),
  consumer: required('NAME', 'The name given to createConsumer', shortName),
  coordinationTable,
  apply: flag('Do it; without, the plan is shown and nothing is changed'),
  observe: value(
    'TIME',
    'How long both fleets are watched for signs of life (15s); 1.5 times KCL’s failoverTimeMillis, if you changed that',
    // Less than a renewal of KCL's takes (3.3 s) would find nobody alive who is.
    durationMs(5_000, 300_000),
  ),
  json: flag('The plan as one JSON object'),
  ...awsOptions,
}

/** What `tidemark leases import` or `export` was asked to do. */
export interface LeasesOptions extends AwsOptions {
  readonly direction: 'import' | 'export'
  readonly kclTable: string
  readonly table: string
  readonly consumer: string
  readonly coordinationTable: string
  readonly apply: boolean
  readonly observe: number | undefined
  readonly json: boolean
  readonly multiStream: boolean
}

const importCommand = command({
  name: 'import',
  summary: "Takes over a KCL fleet's checkpoints",
  description:
    'Takes over where a fleet on KCL (amazon-kinesis-client with dynamodb-streams-kinesis-adapter) stopped: reads its ' +
    "lease table and creates this consumer's leases and checkpoints. Stop that fleet first: while anybody is alive " +
    'nothing is done.',
  options: common,
  run: (typed, line) => move({ ...typed, direction: 'import', multiStream: false }, line),
})

const exportCommand = command({
  name: 'export',
  summary: "Gives this consumer's checkpoints to a KCL fleet",
  description:
    "The way back: writes this consumer's progress into KCL's lease table. Stop the workers first: while anybody is " +
    'alive nothing is done.',
  options: {
    ...common,
    multiStream: flag("KCL's application consumes several streams (as the rows there are)"),
  },
  run: (typed, line) => move({ ...typed, direction: 'export' }, line),
})

/** `tidemark leases`. */
export const leasesCommands: Command = group('leases', 'Moves from and to KCL, the Kinesis Client Library', [
  importCommand,
  exportCommand,
])

async function move(options: LeasesOptions, line: string): Promise<number> {
  const { moveLeases } = await withSdk(import('./dynamodb-move-leases.ts'))
  return moveLeases(options, line)
}
