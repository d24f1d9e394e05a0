import type { Step } from '../both.ts'
import { asksOf } from './asks.ts'
import { faults, type Part } from './known-faults.ts'
import type { Outcome } from './outcome.ts'
import type { Fields } from './values.ts'
import { isTwice } from './wrong-keys.ts'

/** What a step was about: what it asked and, for each of it, the item that was there; a refused one changed none. */
export interface Subject {
  readonly step: Step
  readonly found: readonly (Fields | undefined)[]
}

const twice = /^Provided list of item keys contains duplicates$|multiple operations on one item$/

/** Whether the two tell faults of two kinds, and the request has the one as well as the other. */
export function hasBothFaults(subject: Subject, local: Outcome, embedded: Outcome): boolean {
  const [one, other] = [faultTold(subject, local), faultTold(subject, embedded)]
  return one !== undefined && other !== undefined && one !== other
}

/** The kind of the fault that is told, if the request has it. A transaction that was cancelled tells it in a reason. */
function faultTold({ step, found }: Subject, { message = '', fields }: Outcome): string | undefined {
  const { CancellationReasons = [] } = (fields ?? {}) as { readonly CancellationReasons?: readonly Reason[] }
  const parts = asksOf(step).map((ask, at) => ({ ...ask, found: found[at] }))
  const at = CancellationReasons.findIndex(({ Code }) => Code === 'ValidationError')
  if (at !== -1) return kindIn(parts.slice(at, at + 1), CancellationReasons[at]?.Message ?? '')
  return twice.test(message) && isTwice(parts) ? 'twice' : kindIn(parts, message)
}

interface Reason {
  readonly Code: string
  readonly Message?: string
}

function kindIn(parts: readonly Part[], message: string): string | undefined {
  const shown = faults.find(({ told, isIn }) => {
    const words = told.exec(message)?.slice(1)
    return words !== undefined && parts.some((part) => isIn(part, words))
  })
  return shown?.kind
}
