import { withSdk } from '../aws/sdk-missing.ts'
import { command, group, type Command, UsageError } from '../command.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { consumerArgument } from '../fleet/fleet-options.ts'
import { anyText, jsonObject, wholeNumber } from '../option-values.ts'
import { flag, required, value, type Read } from '../options.ts'
import { lookedUpOptions, parkedOptions } from './parked-options.ts'

const laneId: Read<string> = (option, text) => {
  if (/^[0-9a-f]{1,32}$/.test(text)) return text
  throw new UsageError(
    `${option} must be a lane's id as "tidemark parked list" shows it, or its beginning; got '${text}'`,
  )
}

const lane = required('lane', 'The lane: its id in "parked list", or a beginning of it', laneId)
const event = required('event-id', 'The record: its event id in "parked show"', anyText)
const json = flag('JSON, an object a line')

const listCommand = command({
  name: 'list',
  summary: 'Lists the lanes that are parked, the longest parked first',
  arguments: consumerArgument,
  options: { ...lookedUpOptions, check: flag('Exit with 1 when there is any, for scripts'), json },
  async run(options) {
    const { list } = await withSdk(import('./dynamodb-parked.ts'))
    return list(options)
  },
})

const showCommand = command({
  name: 'show',
  summary: 'Shows the records of a parked lane, and why each is there',
  description: 'With an event id: that record alone, with the whole of its error.',
  arguments: { ...consumerArgument, lane, event: { ...event, kind: 'optional' } },
  options: { ...lookedUpOptions, limit: required('N', 'So many records at most', wholeNumber(1, 100_000), '20'), json },
  async run(options) {
    const { show } = await withSdk(import('./dynamodb-parked.ts'))
    return show(options)
  },
})

const redriveCommand = command({
  name: 'redrive',
  summary: 'Runs the handler for parked records, lane by lane, each in its order',
  description:
    'Workers and functions may go on meanwhile: what arrives for a lane queues behind it. A record that fails again leaves ' +
    'its lane parked, with its new error.',
  arguments: { ...consumerArgument, lane: { ...lane, kind: 'optional' } },
  options: {
    module: required('FILE', 'The file that exports the consumer', anyText),
    limit: value('N', 'So many records of each lane at most', wholeNumber(1, 1_000_000)),
    force: flag('Also what is older than the ledger remembers'),
    yes: flag('Do not ask'),
    json,
    ...parkedOptions,
  },
  async run({ yes, ...options }) {
    const which = options.lane === undefined ? 'every parked lane' : `the lane ${options.lane}`
    if (!(await confirm(`Redrive ${which} of ${options.consumer}?`, yes))) return exitCodes.failed
    const { redrive } = await withSdk(import('./dynamodb-redrive.ts'))
    return redrive(options)
  },
})

const dropCommand = command({
  name: 'drop',
  summary: 'Takes a record out for good: it will not be handled',
  description:
    'Who did it, when and why is kept for 30 days, and the record with it. What waits behind it stays parked.',
  arguments: { ...consumerArgument, lane, event },
  options: {
    reason: required('TEXT', 'Why, for whoever looks for it later', anyText),
    yes: flag('Do not ask'),
    ...lookedUpOptions,
  },
  async run({ yes, ...options }) {
    if (!(await confirm(`Drop ${options.event} for good?`, yes))) return exitCodes.failed
    const { drop } = await withSdk(import('./dynamodb-parked.ts'))
    return drop(options)
  },
})

const editCommand = command({
  name: 'edit',
  summary: 'Changes the images of a parked record, for its next redrive',
  description:
    'The record as it came is kept beside it. Its key, in the images too, and its place in the stream stay as they are.',
  arguments: { ...consumerArgument, lane, event },
  options: {
    newImage: value('JSON', 'The new image, as plain JSON or as DynamoDB writes it', jsonObject),
    oldImage: value('JSON', 'The old image, likewise', jsonObject),
    yes: flag('Do not ask'),
    ...lookedUpOptions,
  },
  async run({ yes, ...options }) {
    if ((options.newImage ?? options.oldImage) === undefined)
      throw new UsageError('edit needs --new-image or --old-image, or both')
    if (!(await confirm(`Change ${options.event}?`, yes))) return exitCodes.failed
    const { edit } = await withSdk(import('./dynamodb-parked.ts'))
    return edit(options)
  },
})

/** `tidemark parked` and what is below it. */
export const parkedCommands: Command = group(
  'parked',
  'Records that wait for a person: lists, shows, redrives, drops, edits',
  [listCommand, showCommand, redriveCommand, dropCommand, editCommand],
  "Records that a consumer with onFailure: 'park' could not handle, and what is behind them in their lanes.",
)
