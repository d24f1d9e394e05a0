import type { Item } from '../../embedded/item.ts'
import type { DynamoDBTransaction } from '../../ledger/dynamodb/transaction/transaction.ts'
import type { ItemCondition } from '../../ledger/dynamodb/transaction/condition.ts'
import { dynamodbTransactionLedger } from '../../ledger/dynamodb/transaction/dynamodb-transaction-ledger.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Actor } from '../actor.ts'
import type { NetworkClient } from '../network.ts'
import { textOf } from '../workers/seen-lease.ts'
import { ledgerTable, type SimulatedDatabase } from '../simulated-database.ts'
import type { BankStore } from './bank-store.ts'
import type { BankBook, Entry, Written } from './bank-book.ts'

const accountPrefix = 'account#'

/** Accounts in DynamoDB: a transfer adds to two items, and notes in both who it was by. */
export class DynamoDBBank implements BankStore {
  readonly #consumer: string
  readonly #book: BankBook
  readonly #database: () => SimulatedDatabase
  // A transaction that arrives twice under its token is answered twice, and applied once.
  readonly #tokens = new Set<string>()
  readonly #condition: { readonly condition?: ItemCondition }

  constructor(consumer: string, book: BankBook, database: () => SimulatedDatabase, canBeFrozen: boolean) {
    this.#consumer = consumer
    this.#book = book
    this.#database = database
    this.#condition = canBeFrozen ? { condition: { where: { frozen: { exists: false } } } } : {}
  }

  ledgerOf(actor: Actor, client: NetworkClient): Ledger<unknown> {
    const parts = { clock: actor.clock, random: actor.random.fork('ledger') }
    return dynamodbTransactionLedger({ ...parts, client, tableName: ledgerTable })
  }

  move({ id, transfer }: Entry, transaction: unknown): void {
    const legs = [
      [transfer.from, -transfer.amount],
      [transfer.to, transfer.amount],
    ] as const
    for (const [account, amount] of legs)
      (transaction as DynamoDBTransaction).update(ledgerTable, this.#key(account), {
        add: { balance: amount },
        set: { entry: { id } },
        ...this.#condition,
      })
  }

  applied(operation: string, input: object): void {
    if (operation !== 'TransactWriteItems') return
    const { TransactItems = [], ClientRequestToken = '' } = input as TransactionInput
    if (this.#tokens.has(ClientRequestToken)) return
    this.#tokens.add(ClientRequestToken)
    const written = TransactItems.flatMap(({ Update }) => this.#written(Update))
    if (written.length > 0) this.#book.committed(written)
  }

  freeze(account: string, isFrozen: boolean): void {
    const { pk, sk } = this.#key(account)
    const UpdateExpression = isFrozen ? 'SET frozen = :yes' : 'REMOVE frozen'
    const values = isFrozen ? { ExpressionAttributeValues: { ':yes': { BOOL: true } } } : {}
    const update = { TableName: ledgerTable, Key: { pk: { S: pk }, sk: { S: sk } }, UpdateExpression, ...values }
    this.#database().execute('UpdateItem', update, 'bank')
  }

  balanceOf(account: string): number {
    const { pk, sk } = this.#key(account)
    return Number(textOf(this.#database().row({ pk: { S: pk }, sk: { S: sk } })?.['balance']) ?? 0)
  }

  #written(update: UpdateInput | undefined): Written[] {
    const [prefix, consumer, account = ''] = textOf(update?.Key['pk'])?.split('#') ?? []
    if (`${prefix}#` !== accountPrefix || consumer !== this.#consumer) return []
    for (const value of Object.values(update?.ExpressionAttributeValues ?? {}))
      if ('M' in value) return [{ account, entryId: textOf(value.M['id']) ?? '' }]
    return []
  }

  #key(account: string): { readonly pk: string; readonly sk: string } {
    return { pk: `${accountPrefix}${this.#consumer}#${account}`, sk: 'account' }
  }
}

interface UpdateInput {
  readonly Key: Item
  readonly ExpressionAttributeValues?: Item
}

interface TransactionInput {
  readonly TransactItems?: readonly { readonly Update?: UpdateInput }[]
  readonly ClientRequestToken?: string
}
