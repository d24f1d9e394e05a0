import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command } from '../command.ts'
import { consumerArgument, fleetOptions } from '../fleet/fleet-options.ts'
import { anyText, durationMs, nameOfTable } from '../option-values.ts'
import { flag, required, value } from '../options.ts'

/** `tidemark status`. */
export const statusCommand: Command = command({
  name: 'status',
  summary: 'Shows how far a consumer is, shard by shard, and what holds it up',
  description:
    'Reads the leases and checkpoints, and looks into the stream behind each: how old the first change is that is not ' +
    'settled, and how long until the stream trims it. Changes nothing.',
  arguments: consumerArgument,
  options: {
    ...fleetOptions,
    module: value('FILE', 'The file that exports the consumer: where it parks counts then', anyText),
    parkingTable: value('NAME', 'Where records are parked (that of the leases)', nameOfTable),
    all: flag('Show every finished shard, too'),
    check: flag('Exit with 1 when something is wrong, for scripts'),
    watch: flag('Show it again and again, until Ctrl+C'),
    interval: required('TIME', 'How often, with --watch', durationMs(1_000, 3_600_000), '5s'),
    json: flag('One JSON object'),
  },
  notes: `A shard is "reading" while a worker has it, "free" while nobody has, "orphaned"
while its worker is silent, "waiting" for its parent, "halted" before lost
changes, and "finished" at last.`,
  async run(options) {
    const { status } = await withSdk(import('./dynamodb-status.ts'))
    return status(options)
  },
})
