import { ConfigurationError } from '../errors.ts'
import { defaultRetryPolicy, type RetryPolicy } from '../handler/retry-policy.ts'
import type { RecordSchemas, SchemaPart } from '../handler/schema.ts'
import { systemClock, systemLogger, systemRandom } from '../internal/system.ts'
import { choice, functionNamed, integer, knownNames, optional, pattern, shape } from '../internal/validate.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { resolveParking, type ResolvedParking } from '../parking/options.ts'
import { compileSelect, type Selection } from '../select/select.ts'
import type { ConsumerOptions } from './options.ts'

/** The options with every default filled in, as the engine uses them. The record's type is erased: it is the user's. */
export interface ResolvedOptions {
  readonly name: string
  readonly selection: Selection
  readonly schemas: RecordSchemas | undefined
  /** The parts of a record that the stream must carry, and who wants each: for the message when it does not. */
  readonly needs: ReadonlyMap<SchemaPart, string>
  readonly identity: NonNullable<ConsumerOptions['identity']>
  readonly numbers: NonNullable<ConsumerOptions['numbers']>
  readonly ledger: Ledger<unknown> | undefined
  readonly retry: RetryPolicy
  readonly onFailure: NonNullable<ConsumerOptions['onFailure']>
  readonly parking: ResolvedParking
  readonly concurrency: number
  readonly handler: (record: never, context: never) => unknown
  readonly logger: NonNullable<ConsumerOptions['logger']>
  readonly clock: NonNullable<ConsumerOptions['clock']>
  readonly random: NonNullable<ConsumerOptions['random']>
}

const optionNames = [
  ...['name', 'select', 'schema', 'viewType', 'identity', 'numbers', 'ledger', 'retry', 'onFailure', 'parking'],
  ...['concurrency', 'handler', 'logger', 'clock', 'random'],
]

const viewTypes = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'] as const

/** What `createConsumer` is given, once the record's and the transaction's types have done their work. */
export type AnyConsumerOptions = {
  readonly [Name in keyof Omit<ConsumerOptions, 'handler' | 'ledger'>]: ConsumerOptions[Name]
} & { readonly handler: ResolvedOptions['handler']; readonly ledger?: Ledger<unknown> }

/** Checks every option and fills in the defaults. Throws a `ConfigurationError` that shows what was expected and given. */
export function resolveOptions(options: AnyConsumerOptions): ResolvedOptions {
  shape('createConsumer options', options)
  knownNames('createConsumer options', options, optionNames)
  const selection = compileSelect(options.select)
  const schemas = optional(options.schema, resolveSchemas)
  const name = pattern('name', options.name, /^[A-Za-z0-9._-]{1,100}$/, '1 to 100 characters of A-Z a-z 0-9 . _ -')
  const identity = resolveIdentity(options.identity)
  return {
    name,
    selection,
    schemas,
    needs: collectNeeds(
      selection,
      schemas,
      optional(options.viewType, (v) => choice('viewType', v, viewTypes)),
    ),
    identity,
    numbers: choice('numbers', options.numbers ?? 'number', ['number', 'bigint', 'string'] as const),
    ledger: optional(options.ledger, (ledger) => resolveLedger(ledger, name, identity)),
    retry: resolveRetry(options.retry),
    onFailure: choice('onFailure', options.onFailure ?? 'stop', ['stop', 'park'] as const),
    parking: resolveParking(options.parking),
    concurrency: integer('concurrency', options.concurrency ?? 10, 1, 10_000),
    handler: functionNamed('handler', options.handler),
    logger: optional(options.logger, resolveLogger) ?? systemLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  }
}

function resolveSchemas(schemas: RecordSchemas): RecordSchemas {
  shape('schema', schemas)
  knownNames('schema', schemas, ['keys', 'newImage', 'oldImage'])
  for (const [part, schema] of Object.entries(schemas) as [string, unknown][]) {
    if (schema === undefined || isStandardSchema(schema)) continue
    throw new ConfigurationError(
      `schema.${part} must be a Standard Schema (an object with '~standard', as zod, valibot and arktype make them)`,
    )
  }
  return schemas
}

function isStandardSchema(schema: unknown): boolean {
  // arktype's schemas are functions, so objects alone would not do
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false
  const standard = (schema as { readonly '~standard'?: { readonly validate?: unknown } })['~standard']
  return typeof standard?.validate === 'function'
}

function collectNeeds(
  selection: Selection,
  schemas: RecordSchemas | undefined,
  viewType: ConsumerOptions['viewType'],
): ReadonlyMap<SchemaPart, string> {
  const needs = new Map<SchemaPart, string>()
  for (const part of ['newImage', 'oldImage'] as const) {
    if (viewType === 'NEW_AND_OLD_IMAGES' || viewType === (part === 'newImage' ? 'NEW_IMAGE' : 'OLD_IMAGE'))
      needs.set(part, `viewType: '${viewType}'`)
    if (selection.parts.has(part)) needs.set(part, 'a pattern in select')
    if (schemas?.[part] !== undefined) needs.set(part, `schema.${part}`)
  }
  return needs
}

function resolveIdentity(identity: ConsumerOptions['identity']): ResolvedOptions['identity'] {
  if (identity === undefined) return 'record'
  if (typeof identity === 'function') return identity
  return choice('identity', identity, ['record', 'message'] as const, "'record', 'message' or a function of the record")
}

function resolveRetry(retry: ConsumerOptions['retry'] = {}): RetryPolicy {
  shape('retry', retry)
  knownNames('retry', retry, Object.keys(defaultRetryPolicy))
  const policy = {
    maxAttempts: integer('retry.maxAttempts', retry.maxAttempts ?? defaultRetryPolicy.maxAttempts, 1, 1_000),
    baseDelayMs: integer('retry.baseDelayMs', retry.baseDelayMs ?? defaultRetryPolicy.baseDelayMs, 0, 3_600_000),
    maxDelayMs: integer('retry.maxDelayMs', retry.maxDelayMs ?? defaultRetryPolicy.maxDelayMs, 0, 3_600_000),
  }
  if (policy.baseDelayMs <= policy.maxDelayMs) return policy
  throw new ConfigurationError(
    `retry.baseDelayMs (${policy.baseDelayMs}) must not be above retry.maxDelayMs (${policy.maxDelayMs})`,
  )
}

function resolveLedger(ledger: Ledger<unknown>, name: string, identity: ResolvedOptions['identity']): Ledger<unknown> {
  shape('ledger', ledger)
  functionNamed('ledger.open', ledger.open)
  ledger.assertServes?.({ name, identity: typeof identity === 'function' ? 'custom' : identity })
  return ledger
}

function resolveLogger(logger: ResolvedOptions['logger']): ResolvedOptions['logger'] {
  shape('logger', logger)
  for (const level of ['debug', 'info', 'warn', 'error'] as const) functionNamed(`logger.${level}`, logger[level])
  return logger
}
