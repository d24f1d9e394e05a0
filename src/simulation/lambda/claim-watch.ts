import type { Item } from '../../embedded/item.ts'
import type { UncertainOutcomeError } from '../../errors.ts'
import type { LambdaMark } from './marks.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'

/** How the session that a token belongs to ended, as far as the world saw. */
export interface Ownership {
  readonly openedAt: number
  /** Its batch was answered with time to spare. */
  isOver: boolean
  /** It could not tell the ledger all that it had to tell. */
  wasCutOff: boolean
}

/** What a claim watch tells. */
export interface ClaimWatchSetting {
  readonly database: () => SimulatedDatabase
  /**
   * No request arrives late or twice. One that does may claim again, for an owner that has come to its end, what has been
   * given back since: then a person is asked for nothing, and no more than that.
   */
  readonly keepsRequests: boolean
  /**
   * Changes of several items may have one claim. Then a late handler of an environment's earlier batch may be refused by
   * that environment's present one, and is right to take it for another owner.
   */
  readonly itemsShareClaims: boolean
  readonly violate: (message: string) => void
  readonly mark: (mark: LambdaMark) => void
}

/**
 * Watches the claims of one table. Whatever a ledger does about them, nothing must be called uncertain that is not, and
 * nobody must take itself for somebody else.
 */
export class ClaimWatch {
  readonly #setting: ClaimWatchSetting
  readonly #owners = new Map<string, Ownership>()
  readonly #latest = new Map<string, string>()
  readonly #seen = new WeakSet<object>()
  // Marks that were durable when a claim was refused: by partition and who was refused
  readonly #markedAtRefusal = new Set<string>()

  constructor(setting: ClaimWatchSetting) {
    this.#setting = setting
  }

  /** A session was opened. */
  opened(token: string, actor: string, now: number): void {
    this.#owners.set(token, { openedAt: now, isOver: false, wasCutOff: false })
    this.#latest.set(actor, token)
  }

  /** The latest session of an actor. */
  sessionOf(actor: string): Ownership | undefined {
    return this.#owners.get(this.#latest.get(actor) ?? '')
  }

  refused(input: object, row: Item, sender: string): void {
    const { ExpressionAttributeValues: values } = input as { readonly ExpressionAttributeValues?: Item }
    const isOurs = textOf(row['owner']) === textOf(values?.[':token'])
    this.#setting.mark(isOurs ? 'claim found to be ours' : 'claim held by another')
    // A request that the network delivers twice is refused twice; the answer that counts is the first.
    if (this.#seen.has(input)) return
    this.#seen.add(input)
    const name = `${textOf(row['pk'])} ${sender}`
    if (this.#setting.database().row(keyOf(row, 'mark')) === undefined) this.#markedAtRefusal.delete(name)
    else this.#markedAtRefusal.add(name)
  }

  /** Somebody who was refused looks whether there is a mark. */
  rowRead(key: Item, sender: string): void {
    if (textOf(key['sk']) !== 'mark' || !this.#setting.keepsRequests || this.#setting.itemsShareClaims) return
    const owner = textOf(this.#claim(key)?.['owner'])
    if (owner !== undefined && owner === this.#latest.get(sender))
      this.#setting.violate(`${sender} takes its own claim of ${textOf(key['pk'])} for another owner's`)
  }

  /** Somebody says that it is not known whether an effect happened. */
  uncertain({ message }: UncertainOutcomeError, pk: string, sender: string, now: number): void {
    const claim = this.#claim({ pk: { S: pk } })
    // An environment that was frozen may say it late, of a claim that is gone.
    if (claim === undefined || !message.includes(new Date(numberOf(claim['claimedAt'])).toISOString())) return
    const owner = this.#owners.get(textOf(claim['owner']) ?? '')
    const complaint = this.#complaint(claim, owner, sender, now)
    if (complaint !== undefined) this.#setting.violate(`${pk} is called uncertain, but ${complaint}`)
  }

  #complaint(claim: Item, owner: Ownership | undefined, sender: string, now: number): string | undefined {
    if (numberOf(claim['claimedUntil']) > now) return 'its claim has not run out'
    if (this.#markedAtRefusal.has(`${textOf(claim['pk'])} ${sender}`)) return 'its mark was there to be read'
    if (this.#setting.keepsRequests && owner?.isOver === true && !owner.wasCutOff)
      return 'its owner came to an end and kept it'
    return undefined
  }

  #claim(key: Item): Item | undefined {
    return this.#setting.database().row(keyOf(key, 'claim'))
  }
}

function keyOf(row: Item, kind: string): Item {
  return { pk: { S: textOf(row['pk']) ?? '' }, sk: { S: kind } }
}

function textOf(value: Item[string] | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined
}

function numberOf(value: Item[string] | undefined): number {
  return value !== undefined && 'N' in value ? Number(value.N) : 0
}
