import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command } from '../command.ts'
import { consumerArgument, fleetOptions } from '../fleet/fleet-options.ts'
import { anyText, nameOfTable, oneOf } from '../option-values.ts'
import { flag, required, value } from '../options.ts'

/** `tidemark explain`. */
export const explainCommand: Command = command({
  name: 'explain',
  summary: 'Says what a consumer has done with an item or an event, and why',
  description:
    'Looks for the changes in the stream, and says of each what the checkpoints and the ledger know: handled, a duplicate, ' +
    'filtered, parked, held up, or not reached yet. Reads all that the stream has, up to 24 hours; changes nothing.',
  arguments: {
    ...consumerArgument,
    what: required('key|event-id', "An item's key (id=17; several: pk=a,sk=b; or JSON), or an event's id", anyText),
  },
  options: {
    ...fleetOptions,
    module: value(
      'FILE',
      'The module of the consumer: its patterns, its identity and where it parks count then',
      anyText,
    ),
    identity: required('HOW', 'Its identity, where no module says it', oneOf('record', 'message'), 'record'),
    ledgerTable: value('NAME', 'The table of dynamodbLedger (that of the leases)', nameOfTable),
    parkingTable: value('NAME', 'Where records are parked (that of the leases)', nameOfTable),
    json: flag('One JSON object a change'),
  },
  notes: `Examples:

  tidemark explain receipts id=17 --table orders --module ./consumer.ts
  tidemark explain receipts 96b6d651bd1214615023be855591c533 --table orders`,
  async run(options) {
    const { explain } = await withSdk(import('./dynamodb-explain.ts'))
    return explain(options)
  },
})
