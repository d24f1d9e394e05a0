import type { History } from '../history.ts'
import type { SimulatedDatabase } from '../simulated-database.ts'
import { ledgerTable } from '../simulated-database.ts'
import type { WorldProfile } from '../profile.ts'
import type { World } from '../world.ts'

/** Of a world in which a person is asked. */
type AskingWorld = World<WorldProfile & { readonly decisionMs: number }, 'claim uncertain' | 'operator decides'>

/**
 * The person who decides about uncertain outcomes, by the remedy that the error tells: looks into the mailbox, and puts
 * the mark where the mail is there, or deletes the claim where it is not.
 */
export class Operator {
  readonly #world: AskingWorld
  readonly #database: SimulatedDatabase
  readonly #history: History
  readonly #mayStillHappen: (idempotencyKey: string) => boolean
  readonly #deciding = new Set<string>()

  /** @param mayStillHappen Whether somebody alive is at it: then a person waits with the decision. */
  constructor(
    world: AskingWorld,
    database: SimulatedDatabase,
    history: History,
    mayStillHappen: (idempotencyKey: string) => boolean = () => false,
  ) {
    this.#mayStillHappen = mayStillHappen
    this.#world = world
    this.#database = database
    this.#history = history
  }

  /** Told of an uncertain outcome by an owner that found it. */
  told(idempotencyKey: string): void {
    this.#world.mark('claim uncertain')
    if (this.#deciding.has(idempotencyKey)) return
    this.#deciding.add(idempotencyKey)
    const owner = this.#ownerOf(idempotencyKey)
    this.#world.scheduler.after(this.#world.profile.decisionMs, () => this.#decide(idempotencyKey, owner))
  }

  #decide(idempotencyKey: string, owner: string | undefined): void {
    this.#deciding.delete(idempotencyKey)
    // Somebody else's claim is not what was told of: to delete it would let the record run twice.
    if (this.#ownerOf(idempotencyKey) !== owner) return
    if (this.#mayStillHappen(idempotencyKey)) return this.told(idempotencyKey)
    this.#world.mark('operator decides')
    const happened = (this.#history.ofKey(idempotencyKey)?.effects.length ?? 0) > 0
    this.#world.trace.note('operator', `${happened ? 'marks' : 'frees'} ${idempotencyKey}`)
    const mark = { ...this.#key(idempotencyKey, 'mark'), expiresAt: { N: this.#inAWeek() } }
    if (happened) {
      this.#database.execute('PutItem', { TableName: ledgerTable, Item: mark }, 'operator')
      const deeds = this.#history.ofKey(idempotencyKey)
      if (deeds !== undefined) deeds.markedAt ??= this.#world.scheduler.now
    } else
      this.#database.execute(
        'DeleteItem',
        { TableName: ledgerTable, Key: this.#key(idempotencyKey, 'claim') },
        'operator',
      )
  }

  #ownerOf(idempotencyKey: string): string | undefined {
    const Key = this.#key(idempotencyKey, 'claim')
    const { Item } = this.#database.execute(
      'GetItem',
      { TableName: ledgerTable, Key, ConsistentRead: true },
      'operator',
    ) as {
      readonly Item?: { readonly owner?: { readonly S?: string } }
    }
    return Item?.owner?.S
  }

  #key(idempotencyKey: string, sk: string): { pk: { S: string }; sk: { S: string } } {
    return { pk: { S: `ledger#${this.#history.consumer}#${idempotencyKey}` }, sk: { S: sk } }
  }

  #inAWeek(): string {
    return String(Math.floor(this.#world.clock.now() / 1000) + 7 * 86_400)
  }
}
