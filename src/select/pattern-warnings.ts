import type { Matcher } from './matcher.ts'
import type { Condition, Conjunction } from './parse-pattern.ts'
import { shapeAt, type Shape } from './record-shape.ts'

type ValueShape = Exclude<Shape, (name: string) => unknown>

/**
 * What a valid pattern gets wrong about stream records. It can be used, in Lambda too, but it silently drops changes that
 * its author wanted, or lets others through.
 */
export function patternWarnings(alternatives: readonly Conjunction[]): readonly string[] {
  const conditions = [...new Set(alternatives.flat())]
  return [...conditions.flatMap(conditionWarnings), ...new Set(alternatives.flatMap(overlapWarnings))]
}

function conditionWarnings({ path, matchers, at }: Condition): readonly string[] {
  const shape = shapeAt(path)
  if (shape !== undefined && typeof shape !== 'function')
    return matchers.flatMap((matcher, index) => matcherWarnings(matcher, shape, `${at}[${index}]`))
  const result = matchers.some(({ absence }) => absence) ? 'always matches' : 'never matches'
  return shape === undefined
    ? [`${at}: ${result}, since a stream record has no such field`]
    : [`${at}: ${result}, since no value is here, only names; write them, down to DynamoDB's type: { S: […] }`]
}

function matcherWarnings(matcher: Matcher, shape: ValueShape, at: string): readonly string[] {
  const why = `since here a stream record has ${describe(shape)}`
  if (neverMatches(matcher, shape)) return [`${at}: never matches, ${why}`]
  return excludesNothing(matcher, shape) ? [`${at}: excludes nothing, ${why}`] : []
}

function neverMatches({ matches, wants, absence }: Matcher, shape: ValueShape): boolean {
  if (absence) return false
  return typeof shape === 'string' ? wants !== undefined && wants !== shape : !shape.some(matches)
}

function excludesNothing({ matches, excludes }: Matcher, shape: ValueShape): boolean {
  return excludes !== undefined && (typeof shape === 'string' ? excludes !== shape : shape.every(matches))
}

function describe(shape: ValueShape): string {
  if (shape === 'number') return 'a number'
  if (shape === 'string')
    return "text (the numbers of an item are text too: write N: ['42'], or compare in the handler)"
  return `only ${shape.map((value) => JSON.stringify(value)).join(', ')}`
}

// The engine behind Lambda's filters (aws/event-ruler) lets the second mention of a path replace the first; here both hold.
function overlapWarnings(conditions: Conjunction): readonly string[] {
  const places = new Map<string, string>()
  return conditions.flatMap(({ path, at }) => {
    const earlier = places.get(JSON.stringify(path))
    places.set(JSON.stringify(path), at)
    return earlier === undefined ? [] : [`${at}: Lambda may take this instead of ${earlier}; here both have to match`]
  })
}
