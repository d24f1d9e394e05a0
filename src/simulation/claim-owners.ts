import type { Item } from '../embedded/item.ts'
import { textOf } from './workers/seen-lease.ts'
import { ledgerTable } from './simulated-database.ts'

/** Who claimed a record, and when. */
export interface SeenClaim {
  readonly idempotencyKey: string
  readonly actor: string
  readonly at: number
}

interface Request {
  readonly TableName?: string
  readonly Key?: Item
  readonly ExpressionAttributeValues?: Item
}

/** The claims that have reached the ledger: by them a person who is asked what became of a record finds who had it. */
export class ClaimOwners {
  readonly #byEvent = new Map<string, SeenClaim>()
  readonly #byKey = new Map<string, SeenClaim>()

  /** An update was applied. */
  updated(input: object, actor: string, at: number): void {
    const { TableName, Key, ExpressionAttributeValues }: Request = input
    if (TableName !== ledgerTable || textOf(Key?.['sk']) !== 'claim') return
    const eventId = textOf(ExpressionAttributeValues?.[':eventId'])
    if (eventId === undefined) return
    const idempotencyKey = textOf(Key?.['pk'])?.split('#').at(-1) ?? ''
    const claim = { idempotencyKey, actor, at }
    this.#byEvent.set(eventId, claim)
    this.#byKey.set(idempotencyKey, claim)
  }

  /** The last claim of a record. */
  ofEvent(eventId: string): SeenClaim | undefined {
    return this.#byEvent.get(eventId)
  }

  /** The last claim under a key. */
  ofKey(idempotencyKey: string): SeenClaim | undefined {
    return this.#byKey.get(idempotencyKey)
  }
}
