import type { EventName } from '../record/record.ts'

/** A value that a field is compared with, exactly: text is case-sensitive, and `1` is not `'1'`. `''` is the empty text. */
export type FilterValue = string | number | boolean | null

/** Text that is compared without regard to case. */
export interface IgnoringCase {
  readonly 'equals-ignore-case': string
}

/**
 * What `anything-but` excludes. It holds for any value that is there and is none of these, whatever the value's type;
 * for a field that is not there it does not hold.
 *
 * The forms with an operator come from EventBridge. Lambda's documentation does not list them, and a mapping may refuse them.
 */
export type FilterExclusion =
  | string
  | number
  | readonly string[]
  | readonly number[]
  | { readonly prefix: string | readonly string[] }
  | { readonly suffix: string | readonly string[] }
  | { readonly 'equals-ignore-case': string | readonly string[] }

/** One comparison (`['=', 5]`), or a range, lower bound first (`['>', 0, '<=', 5]`). */
export type NumericCondition =
  readonly ['=' | '<' | '<=' | '>' | '>=', number] | readonly ['>' | '>=', number, '<' | '<=', number]

/**
 * One way for a field to match: a value, or an object with one operator.
 *
 * `numeric` compares JSON numbers only. DynamoDB writes the numbers of an item as text (`{ N: '42' }`), so in a stream
 * record it can match `SizeBytes` and `ApproximateCreationDateTime` and nothing else.
 *
 * `exists` asks for a value, so it works on the last name of a path only: write `{ S: [{ exists: true }] }`. An object is
 * not a value: `{ exists: false }` holds where there is one.
 */
export type FilterMatcher =
  | FilterValue
  | IgnoringCase
  | { readonly exists: boolean }
  | { readonly prefix: string | IgnoringCase }
  | { readonly suffix: string | IgnoringCase }
  | { readonly 'anything-but': FilterExclusion }
  | { readonly numeric: NumericCondition }

/** Two or more alternatives under `$or`; together with the names beside it, one of them has to hold. */
export type FilterAlternatives<Fields = FilterFields> = readonly [Fields, Fields, ...Fields[]]

/** Names of a record, each with more names or with a list of matchers. Every name has to match; of a list, any matcher. */
export interface FilterFields {
  readonly $or?: FilterAlternatives
  readonly [name: string]: FilterFields | readonly FilterMatcher[] | FilterAlternatives
}

/** The part of a pattern about what changed. Attributes are in DynamoDB's own form: `{ status: { S: ['paid'] } }`. */
export interface ChangePattern extends FilterFields {
  readonly Keys?: FilterFields
  readonly NewImage?: FilterFields
  readonly OldImage?: FilterFields
  readonly ApproximateCreationDateTime?: readonly FilterMatcher[]
  readonly SequenceNumber?: readonly FilterMatcher[]
  readonly SizeBytes?: readonly FilterMatcher[]
  readonly StreamViewType?: readonly FilterMatcher[]
}

/**
 * A pattern of Lambda's `FilterCriteria`, as an object. It selects a change when every name in it matches:
 *
 * ```ts
 * { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { status: { S: [{ prefix: 'paid' }] } } } }
 * ```
 *
 * Where the record has a list (`L`, `SS`, `NS`, `BS`), one element that matches is enough, and names that are asked for
 * under one list have to be found in the same element.
 *
 * Binary values compare as their base64 text and `ApproximateCreationDateTime` as epoch seconds, in Lambda and in a worker
 * alike.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
 */
export interface FilterPattern extends FilterFields {
  // `string & {}` keeps the three names in an editor's completion, which `EventName | string` would forget.
  readonly eventName?: readonly (EventName | (string & {}) | FilterMatcher)[]
  readonly dynamodb?: ChangePattern
  readonly $or?: FilterAlternatives<FilterPattern>
}
