import type { RawRecord } from '../source/source.ts'
import { anyOf } from './combine.ts'
import { matchConditions } from './match-conditions.ts'
import { parsePattern, type Condition } from './parse-pattern.ts'
import { patternWarnings } from './pattern-warnings.ts'
import type { FilterPattern } from './pattern.ts'
import { isObject } from './values.ts'

/** A part of a change that a stream's view type decides about, or the keys, which every stream carries. */
export type ChangePart = 'keys' | 'newImage' | 'oldImage'

/** A pattern that was found to be valid. */
export interface CompiledPattern {
  readonly pattern: FilterPattern
  /** Whether the pattern selects a record. Never throws, whatever the record is. */
  readonly matches: (record: RawRecord) => boolean
  /** Where the pattern can't mean what it says: see `patternWarnings`. */
  readonly warnings: readonly string[]
  /** The parts of a change that it looks at. */
  readonly parts: ReadonlySet<ChangePart>
}

const partByName: ReadonlyMap<string | undefined, ChangePart> = new Map([
  ['Keys', 'keys'],
  ['NewImage', 'newImage'],
  ['OldImage', 'oldImage'],
])

/** Compiles a pattern. Throws a `ConfigurationError` that names the place, from `at` on, where it is not valid. */
export function compilePattern(pattern: FilterPattern, at = 'pattern'): CompiledPattern {
  const alternatives = parsePattern(pattern, at)
  const match = anyOf(alternatives.map(matchConditions))
  return {
    pattern,
    matches: (record) => isObject(record) && match(record),
    warnings: patternWarnings(alternatives),
    parts: new Set(alternatives.flat().flatMap(partsOf)),
  }
}

function partsOf({ path: [top, name] }: Condition): readonly ChangePart[] {
  const part = top === 'dynamodb' ? partByName.get(name) : undefined
  return part === undefined ? [] : [part]
}
