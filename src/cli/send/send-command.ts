import { awsOptions } from '../aws/aws-options.ts'
import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command, UsageError } from '../command.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { jsonObject, nameOfTable, wholeNumber } from '../option-values.ts'
import { flag, required, value } from '../options.ts'

/** `tidemark send`. */
export const sendCommand: Command = command({
  name: 'send',
  summary: 'Puts test items into a table, for its stream to have changes',
  description:
    'One item of yours, or sample items under keys that no other call uses. A put over an item that is there replaces it.',
  arguments: { table: required('table', 'The table', nameOfTable) },
  options: {
    item: value('JSON', 'One item, as plain JSON ({"id":"1"}) or as DynamoDB writes it ({"id":{"S":"1"}})', jsonObject),
    count: value('N', 'So many sample items', wholeNumber(1, 10_000_000)),
    keys: value(
      'K',
      'Spread them over K keys: the first put of a key is an INSERT, others MODIFY',
      wholeNumber(1, 10_000_000),
    ),
    rate: value('R', 'At most R a second', wholeNumber(1, 100_000)),
    yes: flag('Do not ask'),
    ...awsOptions,
  },
  notes: `Examples:

  tidemark send orders --item '{"id":"1","total":42}' --yes
  tidemark send orders --count 1000 --keys 100 --rate 50 --yes`,
  async run({ table, item, count, keys, rate, yes, ...aws }) {
    if ((item === undefined) === (count === undefined))
      throw new UsageError('send needs one of --item and --count, and not both')
    if (item !== undefined && (keys ?? rate) !== undefined) throw new UsageError('--keys and --rate go with --count')
    const what = item === undefined ? `${count} sample items` : 'this item'
    if (!(await confirm(`Put ${what} into ${table}?`, yes))) return exitCodes.failed
    const { sendItem, sendSamples } = await withSdk(import('./dynamodb-send.ts'))
    return item === undefined ? sendSamples({ table, count: count ?? 0, keys, rate, aws }) : sendItem(table, item, aws)
  },
})
