import { ConfigurationError } from '../../errors.ts'
import { compilePattern, type CompiledPattern } from '../../select/compile-pattern.ts'
import { parsePatternText } from '../../select/pattern-text.ts'
import type { FilterPattern } from '../../select/pattern.ts'
import { awsOptions } from '../aws/aws-options.ts'
import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command, UsageError } from '../command.ts'
import { nameOfTable, spanMs, wholeNumber } from '../option-values.ts'
import { flag, required, type Read, value } from '../options.ts'

/** From where on changes are shown; `sinceMs`: those of the last so many milliseconds. */
export type TailFrom = { readonly startAt: 'LATEST' | 'TRIM_HORIZON'; readonly sinceMs?: number }

const readFrom: Read<TailFrom> = (option, text) => {
  if (text === 'latest') return { startAt: 'LATEST' }
  if (text === 'trim-horizon') return { startAt: 'TRIM_HORIZON' }
  const sinceMs = spanMs(text)
  if (sinceMs !== undefined && sinceMs > 0) return { startAt: 'TRIM_HORIZON', sinceMs }
  throw new UsageError(`${option} must be latest, trim-horizon or a time such as 10m; got '${text}'`)
}

const readFilter: Read<CompiledPattern> = (option, text) => {
  try {
    // What turns out not to be a pattern is refused by compilePattern, which believes nothing of its argument.
    return compilePattern(parsePatternText(text, option) as FilterPattern, option)
  } catch (error) {
    throw error instanceof ConfigurationError ? new UsageError(error.message) : error
  }
}

/** `tidemark tail`. */
export const tailCommand: Command = command({
  name: 'tail',
  summary: 'Shows the changes of a table as they happen',
  description:
    'Reads all shards of the stream, and goes on with their children when they split. It takes no part in any fleet: ' +
    'nothing is checkpointed, nothing handled. AWS lets two readers at a time have each shard; this is one of them.',
  arguments: { table: required('table', 'A table with a stream', nameOfTable) },
  options: {
    from: required('WHERE', 'latest, trim-horizon (up to 24 hours back), or so long ago: 10m, 2h', readFrom, 'latest'),
    filter: value('PATTERN', "Only changes that match, in the language of a consumer's select", readFilter),
    limit: value('N', 'End after N changes', wholeNumber(1, 1_000_000_000)),
    json: flag('One JSON object a line'),
    ...awsOptions,
  },
  notes: `Examples:

  tidemark tail orders
  tidemark tail orders --filter '{"eventName":["INSERT"]}'
  tidemark tail orders --from 1h --json | jq .newImage.total`,
  async run(options) {
    const { tail } = await withSdk(import('./dynamodb-tail.ts'))
    return tail(options)
  },
})
