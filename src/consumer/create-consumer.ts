import type { RecordSchemas } from '../handler/schema.ts'
import type { StreamViewType } from '../record/record.ts'
import { Consumer } from './consumer.ts'
import type { ConsumerOptions, Select } from './options.ts'
import { resolveOptions } from './resolve-options.ts'

/**
 * Defines a consumer once; `createLambdaHandler` runs it in Lambda.
 *
 * Everything in `options` is checked here: a `ConfigurationError` says what was expected and what was given.
 */
export function createConsumer<
  const Selected extends Select = Select,
  const View extends StreamViewType = StreamViewType,
  Schemas extends RecordSchemas = Record<never, never>,
  Transaction = undefined,
>(options: ConsumerOptions<Selected, View, Schemas, Transaction>): Consumer {
  // The record's type and the transaction's have done their work: from here on they are what the handler says they are.
  const resolved = resolveOptions(options)
  for (const warning of resolved.selection.warnings)
    resolved.logger.warn(warning, { consumer: resolved.name, option: 'select' })
  return new Consumer(resolved)
}
