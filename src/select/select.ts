import { ConfigurationError } from '../errors.ts'
import type { RawRecord } from '../source/source.ts'
import { anyOf } from './combine.ts'
import { compilePattern, type ChangePart, type CompiledPattern } from './compile-pattern.ts'
import { invalidPattern } from './invalid-pattern.ts'
import type { FilterPattern } from './pattern.ts'
import { parsePatternText } from './pattern-text.ts'
import { isList, valueAt } from './values.ts'

export type { SelectedEvents } from './selected-events.ts'

/** Which changes matter to a consumer. */
export interface Selection {
  /** Whether a record is selected. Never throws: a record that is not one at all is not selected, so check that first. */
  readonly matches: (raw: RawRecord) => boolean
  /** The patterns, of which any may match. None of them means that every change is selected. */
  readonly patterns: readonly FilterPattern[]
  /** What the patterns get wrong about stream records, each with its place; worth a line in the log at start. */
  readonly warnings: readonly string[]
  /** The parts of a change that the patterns look at. A stream that does not carry them can't be selected from. */
  readonly parts: ReadonlySet<ChangePart>
}

/** `FilterCriteria` as Lambda's API has it in an event source mapping. */
export interface FilterCriteria {
  readonly Filters?: readonly { readonly Pattern?: string | undefined }[] | undefined
}

// Lambda's default quota is five; this is as far as it can be raised.
const maxFilters = 10

/** Compiles what a consumer selects; `undefined` is every change. Throws a `ConfigurationError`. */
export function compileSelect(select: FilterPattern | readonly FilterPattern[] | undefined): Selection {
  if (select === undefined) return selectAny([])
  if (!isList(select)) return selectAny([compilePattern(select, 'select')])
  if (select.length === 0)
    throw new ConfigurationError('select: an empty array selects no change at all; leave it out to select every change')
  return selectAny(Array.from(select, (pattern, index) => compilePattern(pattern, `select[${index}]`)))
}

/** Compiles the criteria of an event source mapping; without filters they select every change. Throws a `ConfigurationError`. */
export function parseFilterCriteria(criteria: FilterCriteria): Selection {
  const filters: unknown = criteria.Filters ?? []
  if (!isList(filters) || filters.length > maxFilters)
    throw invalidPattern('Filters', `expected a list of up to ${maxFilters} objects with a Pattern`, filters)
  return selectAny(Array.from(filters, (filter, index) => compileFilter(filter, `Filters[${index}].Pattern`)))
}

function compileFilter(filter: unknown, at: string): CompiledPattern {
  const text = valueAt(filter, 'Pattern')
  if (typeof text !== 'string') throw invalidPattern(at, 'expected the JSON text of a pattern', text)
  // What turns out not to be a pattern is refused by compilePattern, which believes nothing of its argument.
  return compilePattern(parsePatternText(text, at) as FilterPattern, at)
}

function selectAny(compiled: readonly CompiledPattern[]): Selection {
  return {
    matches: compiled.length === 0 ? () => true : anyOf(compiled.map(({ matches }) => matches)),
    patterns: compiled.map(({ pattern }) => pattern),
    warnings: compiled.flatMap(({ warnings }) => warnings),
    parts: new Set(compiled.flatMap(({ parts }) => [...parts])),
  }
}
