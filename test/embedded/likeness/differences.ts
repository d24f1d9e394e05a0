import { normalizeNumber } from '../../../src/embedded/decimal.ts'
import { hasBothFaults, type Subject } from './faults.ts'
import { type Json, type Outcome, sorted } from './outcome.ts'
import { emptyKeys, wrongIndexes } from './wrong-keys.ts'

/** Both outcomes of one step. */
export interface Pair extends Subject {
  readonly local: Outcome
  readonly embedded: Outcome
}

/** Where DynamoDB Local is not what the service is, by the service's documentation. */
export interface Difference {
  readonly name: string
  readonly reason: string
  /** Whether it shows in this pair; only asked when the outcomes differ. */
  readonly shows: (pair: Pair) => boolean
  /** The two have different items after it: the program ends there. Otherwise it goes on. */
  readonly parts?: true
}

// A message of Local's where the service has another, which the embedded engine has to have.
function wording(name: string, local: RegExp, embedded: RegExp): Difference {
  const reason = 'Local has a wording of its own'
  return { name, reason, shows: (pair) => sameError(pair) && says(pair.local, local) && says(pair.embedded, embedded) }
}

const sameError = ({ local, embedded }: Pair) => local.error !== undefined && local.error === embedded.error
const says = ({ message }: Outcome, text: RegExp) => text.test(message ?? '')
const ofNumbers = '(ExpressionAttributeValues contains invalid value: )?'

export const differences: readonly Difference[] = [
  wording('a missing table', /^Cannot do operations on a non-existent table$/, /^Requested resource not found$/),
  wording(
    'a key of another type',
    /^(Invalid attribute value type|The number of conditions on the keys is invalid|One or more parameter values were invalid: Type mismatch for key|One of the required keys was not given a value)$/,
    /^The provided key element does not match the schema$|Type mismatch for key|Missing the key/,
  ),
  wording(
    'an index key of another type',
    /^Invalid attribute value type$|Type mismatch for Index Key$/,
    /Type mismatch for Index Key \w+ Expected: . Actual: \w+ IndexName: \S+$|secondary index key to unsupported type$/,
  ),
  wording(
    'what is no number',
    new RegExp(`^${ofNumbers}A value provided cannot be converted into a number`),
    new RegExp(`^${ofNumbers}The parameter cannot be converted to a numeric value`),
  ),
  wording(
    'too many digits',
    new RegExp(`^${ofNumbers}DynamoDB only supports precision up to 38 digits`),
    new RegExp(`^${ofNumbers}Attempting to store more than 38 significant digits in a Number`),
  ),
  wording('the order of a list of types', /Invalid attribute type name found/, /Invalid attribute type name found/),
  wording(
    'a choice that there is not',
    /^Return values set to invalid value$/,
    /at 'returnValues' failed to satisfy|^ReturnValues can only be/,
  ),
  wording('a limit of 0', /^Limit must be greater than or equal to 1$/, /at 'limit' failed to satisfy constraint/),
  wording(
    'a consistent read of a global index',
    /^Consistent read cannot be true/,
    /^Consistent reads are not supported/,
  ),
  wording(
    'members twice',
    /Input collection \[.*\] contains duplicates/,
    /Input collection \[.*\] contains duplicates\./,
  ),
  wording(
    'bounds as they were written',
    /The BETWEEN operator requires .*\{N:/,
    /The BETWEEN operator requires .*\{N:/,
  ),
  wording('the order of what an index lacks', /does not project \[/, /does not project \[/),
  wording('the order of what a filter lacks', /one or more filter attributes: /, /one or more filter attributes: /),
  {
    name: 'a sum too long and too large',
    reason: 'Local tells that it has more than 38 digits, the service tells the magnitude first',
    shows: ({ local, embedded }) => says(local, /precision up to 38 digits$/) && says(embedded, /^Number overflow/),
  },
  wording(
    'Scanning, not Querying',
    /^ALL_PROJECTED_ATTRIBUTES can be used only/,
    /^ALL_PROJECTED_ATTRIBUTES can be used only/,
  ),
  wording('a start in another partition', /does not match the range key predicate$/, /is outside query boundaries/),
  wording('a token used again', /^UnknownError$/, /^The request uses the same client token/),
  wording(
    'a start that is none',
    /^Type mismatch for attribute to update$|^Exclusive Start Key must have|cannot be restarted\. The provided starting key is invalid/,
    /^The provided starting key is invalid/,
  ),
  {
    name: 'a value of a starting key',
    reason: 'Local does not say that it is in the starting key',
    shows: (pair) =>
      sameError(pair) && pair.embedded.message === `The provided starting key is invalid: ${pair.local.message}`,
  },
  wording('which key has a path into it', /^Key attributes must be scalars/, /^Key attributes must be scalars/),
  {
    name: 'a transaction that is not valid',
    reason: 'Local refuses it in one message of its own; the service cancels it with a reason for each action',
    shows: ({ step, local, embedded }) =>
      step.operation.startsWith('Transact') &&
      /^(ValidationException|TransactionCanceledException)$/.test(local.error ?? '') &&
      /^(ValidationException|TransactionCanceledException)$/.test(embedded.error ?? '') &&
      [local, embedded].some((one) => says(one, /ValidationError/)),
  },
  {
    name: 'a path into a key',
    reason: 'Local finds it when it executes the expression, after conditions; the service when it reads the request',
    shows: ({ local, embedded }) => local.error !== undefined && says(embedded, /^Key attributes must be scalars/),
  },
  {
    name: 'a key twice, as 1 and 1.0',
    reason: 'Local compares keys as they are written',
    shows: ({ local, embedded }) =>
      local.error !== 'ValidationException' && says(embedded, /contains duplicates$|multiple operations on one item$/),
    parts: true,
  },
  {
    name: 'the second of overlapping paths',
    reason: 'Local tells another path of the expression, which overlaps with none',
    shows: (pair) =>
      sameError(pair) && [pair.local, pair.embedded].every((one) => says(one, /Two document paths overlap/)),
  },
  {
    name: 'which of several faults is told',
    reason:
      'Local looks at keys before expressions, at a whole batch for a key twice first, and so on; the service does not',
    shows: ({ local, embedded, ...subject }) => hasBothFaults(subject, local, embedded),
  },
  {
    name: 'which of several indexes is told',
    reason:
      'Local judges them in the order of a hash map, this engine in that of the definition; neither is documented',
    shows: (pair) =>
      sameError(pair) &&
      [pair.local, pair.embedded].every((one) => says(one, /Index Key|secondary index key/)) &&
      wrongIndexes(pair.step).length > 1,
  },
  {
    name: 'which of several keys of a batch is told',
    reason: 'Local judges tables and keys in the order of a hash map, this engine in that of the request',
    shows: (pair) =>
      sameError(pair) &&
      pair.step.operation.startsWith('Batch') &&
      [pair.local, pair.embedded].every((one) => says(one, /cannot contain an empty \w+ value\. Key: /)) &&
      emptyKeys(pair.step).length > 1,
  },
  {
    name: 'UPDATED_NEW without an expression',
    reason: 'Local fails with an internal error',
    shows: ({ local, step }) => local.error === 'InternalFailure' && !('UpdateExpression' in step.input),
  },
  {
    name: 'an update copies a wrong type into an index key',
    reason: 'Local looks at literal values only; the item is then in no index',
    shows: ({ local, embedded }) =>
      local.error === undefined && says(embedded, /^The update expression attempted to update the secondary index key/),
    parts: true,
  },
  {
    name: 'a page that ends where the query ends',
    reason: 'Local sees there that no more can follow; the service says only that the limit was reached',
    shows: ({ step, local, embedded }) =>
      step.operation === 'Query' &&
      embedded.pages?.length === (local.pages?.length ?? 0) + 1 &&
      JSON.stringify(whole(local)) === JSON.stringify(whole(embedded)),
  },
  {
    name: 'a start where the query ends',
    reason: 'Local refuses the position that it does not give, as no part of the range',
    shows: ({ local, embedded }) =>
      says(local, /^The provided starting key does not match the range key predicate$/) &&
      embedded.pages?.length === 1 &&
      whole(embedded).items.length === 0,
  },
  {
    name: 'capacity of nothing',
    reason: 'Local charges nothing for what is not there and tells of deleting it without being asked',
    shows: ({ local, embedded }) => JSON.stringify(free(local)) === JSON.stringify(free(embedded)),
  },
]

interface Whole {
  readonly error: string | undefined
  readonly items: readonly Json[]
  readonly count: number
}

// What was read, on however many pages.
function whole({ error, pages = [] }: Outcome): Whole {
  const read = pages as readonly { readonly Items?: readonly Json[]; readonly Count?: number }[]
  return {
    error,
    items: read.flatMap(({ Items = [] }) => Items),
    count: read.reduce((sum, { Count = 0 }) => sum + Count, 0),
  }
}

function free({ pages = [], ...rest }: Outcome): Outcome {
  return { ...rest, pages: pages.map((page) => ({ ...(page as object), ConsumedCapacity: null })) }
}

/** Local keeps numbers as they came or as Java writes them; the service, in one plain form. */
export function numbersAsService(value: Json): Json {
  if (isList(value)) return value.map(numbersAsService)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, numberAsService(name, field)]))
}

function numberAsService(name: string, field: Json): Json {
  if (name === 'N' && typeof field === 'string') return normalizeNumber(field)
  if (name === 'NS' && isList(field)) return sorted(field.map((one) => normalizeNumber(String(one))))
  return numbersAsService(field)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
