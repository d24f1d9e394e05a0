import type { Step } from '../both.ts'
import { ServiceError } from '../../../src/embedded/service-error.ts'
import type { Service } from './service.ts'

/** What came of a step: its outputs, a page each, or the error that it ended with. */
export interface Outcome {
  readonly pages?: readonly Json[]
  readonly error?: string
  readonly message?: string
  readonly fields?: Json
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const mostPages = 30

/** Runs the step. A reading with a limit is read to its end: that is what paging is for. */
export async function outcomeOf(service: Service, step: Step): Promise<Outcome> {
  const pages: Json[] = []
  try {
    let input: object | undefined = step.input
    while (input !== undefined && pages.length < mostPages) {
      const output = await service.execute(step.operation, input)
      pages.push(plain({ ...output, $metadata: undefined }))
      const next = 'LastEvaluatedKey' in output ? output.LastEvaluatedKey : undefined
      input = next === undefined ? undefined : { ...step.input, ExclusiveStartKey: next }
    }
    return { pages }
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): Outcome {
  if (!(error instanceof Error)) throw error
  if (!('$metadata' in error) && !(error instanceof ServiceError)) throw error // ours, not a service's: a bug
  const { Item, CancellationReasons } = error as { Item?: object; CancellationReasons?: object[] }
  return { error: error.name, message: error.message, fields: plain({ Item, CancellationReasons }) }
}

const sets = ['SS', 'NS', 'BS']

/** Comparable by its text: names in order, sets in order, binary as text, without what is not there. */
export function plain(value: unknown): Json {
  if (value instanceof Uint8Array) return `base64:${Buffer.from(value).toString('base64')}`
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as Json // a primitive
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(
    entries
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, field]): [string, Json] => [
        name,
        sets.includes(name) && Array.isArray(field) ? sorted(field.map(plain)) : plain(field),
      ]),
  )
}

export function sorted(list: readonly Json[]): readonly Json[] {
  const keyed = list.map((one) => [JSON.stringify(one), one] as const)
  return keyed.toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)).map(([, one]) => one)
}
