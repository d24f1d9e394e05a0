import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command } from '../command.ts'
import { consumerArgument, fleetOptions } from '../fleet/fleet-options.ts'
import { anyText, nameOfTable, oneOf } from '../option-values.ts'
import { flag, required, value } from '../options.ts'
import { readReplayFrom } from './replay-from.ts'

/** `tidemark replay`. */
export const replayCommand: Command = command({
  name: 'replay',
  summary: 'Moves the checkpoints of a stopped consumer back, for changes to run again',
  description:
    'Says first how many changes would be handed out again, and how many of them the ledger would absorb: asked of the ' +
    'consumer with --module, else by the rows of a ledger in DynamoDB. Works only while no worker is alive. Goes back as far as the stream does, 24 hours at most.',
  arguments: consumerArgument,
  options: {
    ...fleetOptions,
    from: required(
      'WHERE',
      "trim-horizon, a time (2026-05-01T12:00:00Z) or a record's sequence number",
      readReplayFrom,
    ),
    dryRun: flag('Say what would happen, and change nothing'),
    yes: flag('Do not ask'),
    json: flag('The plan as one JSON object'),
    ledgerTable: value('NAME', 'The table of a ledger in DynamoDB (that of the leases)', nameOfTable),
    module: value('FILE', 'The module of the consumer: its patterns, its identity and its ledger count then', anyText),
    identity: required('HOW', 'Its identity, where no module says it', oneOf('record', 'message'), 'record'),
  },
  notes: `Example:

  tidemark replay receipts --table orders --from 2026-05-01T12:00:00Z --dry-run`,
  async run(options) {
    const { replay } = await withSdk(import('./dynamodb-replay.ts'))
    return replay(options)
  },
})
