import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command } from '../command.ts'
import { consumerArgument, fleetOptions } from '../fleet/fleet-options.ts'
import { durationMs } from '../option-values.ts'
import { flag, required } from '../options.ts'

/** `tidemark pause`. */
export const pauseCommand: Command = command({
  name: 'pause',
  summary: 'Lets the workers of a consumer stop reading, until it is resumed',
  description:
    'Each worker lets its running handlers end, saves, gives up its shards and stays; workers that are started meanwhile ' +
    'wait as well. Waits until nobody reads any more. The stream keeps changes for 24 hours: a longer pause loses them. ' +
    'Workers only: a Lambda function is paused by disabling its event source mapping.',
  arguments: consumerArgument,
  options: {
    ...fleetOptions,
    timeout: required('TIME', 'How long to wait for running handlers', durationMs(0, 3_600_000), '60s'),
    json: flag('The result as one JSON object'),
  },
  async run(options) {
    const { pause } = await withSdk(import('./dynamodb-pause.ts'))
    return pause(options)
  },
})

/** `tidemark resume`. */
export const resumeCommand: Command = command({
  name: 'resume',
  summary: 'Lets the workers of a paused consumer read again',
  arguments: consumerArgument,
  options: { ...fleetOptions, json: flag('The result as one JSON object') },
  async run(options) {
    const { resume } = await withSdk(import('./dynamodb-pause.ts'))
    return resume(options)
  },
})
