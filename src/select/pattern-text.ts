import { ConfigurationError } from '../errors.ts'
import { isList, isObject } from './values.ts'

// What Lambda's API takes.
const maxLength = 4_096

/** Reads the text of a `Pattern` in Lambda's `FilterCriteria`. Throws a `ConfigurationError`. */
export function parsePatternText(text: string, at: string): unknown {
  if (text.length > maxLength)
    throw new ConfigurationError(`${at}: Lambda takes up to ${maxLength} characters; this has ${text.length}`)
  const value = parseJson(text, at)
  // JSON.parse keeps the last of two equal names and Lambda's engine joins them: the pattern would mean two things.
  if (countWrittenNames(text) !== countNames(value))
    throw new ConfigurationError(`${at}: an object has the same name twice; write it once`)
  return value
}

function parseJson(text: string, at: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConfigurationError(`${at}: this is not JSON`, { cause })
  }
}

function countWrittenNames(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)].filter(([, colon]) => colon === ':').length
}

function countNames(value: unknown): number {
  const values = isList(value) ? value : isObject(value) ? Object.values(value) : []
  return values.reduce<number>((count, inner) => count + countNames(inner), isObject(value) ? values.length : 0)
}
