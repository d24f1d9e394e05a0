import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bank } from './bank.ts'
import { gapNow } from './effect-table.ts'
import type { JournalReader } from './journal-reader.ts'
import { banksOf, imbalance } from './transfers.ts'

/** Where an observer looks. */
export interface ObserverSettings {
  readonly reader: JournalReader
  /** Of fenced effects, which are in a table of it. */
  readonly client?: DynamoDBClient
  readonly bank?: Bank
  readonly accountCount: number
  readonly say: (line: string) => void
  /** How far the run is, in words. */
  readonly progress: () => string
}

/** Reads along while everything goes on: the journals, and some keys or accounts, again and again. */
export class Observer {
  readonly #settings: ObserverSettings
  readonly #wrong: string[] = []
  readonly #ending = new AbortController()
  #looking: Promise<void> | undefined
  #lookCount = 0
  #bankLookCount = 0

  constructor(settings: ObserverSettings) {
    this.#settings = settings
  }

  /** What was seen out of order, or out of balance. */
  get wrong(): readonly string[] {
    return [...this.#wrong, ...this.#settings.reader.contiguity.violations]
  }

  get lookCount(): number {
    return this.#lookCount
  }

  /** Looks at all accounts of a bank at one moment. */
  get bankLookCount(): number {
    return this.#bankLookCount
  }

  start(): void {
    this.#looking = this.#look()
    this.#looking.catch(() => {}) // told at the end
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#looking
    this.#settings.reader.look()
  }

  async #look(): Promise<void> {
    const { reader, say, progress } = this.#settings
    while (!this.#ending.signal.aborted) {
      reader.look()
      this.#lookCount += 1
      if (this.#lookCount % 50 === 0) say(progress())
      const wrong = (await this.#gapNow()) ?? (await this.#imbalanceNow())
      if (wrong !== undefined) this.#wrong.push(wrong)
      await sleep(100)
    }
  }

  async #gapNow(): Promise<string | undefined> {
    const { client, reader } = this.#settings
    const { entries } = reader
    const key = entries.at(-1 - Math.floor(Math.random() * Math.min(500, entries.length)))?.key
    return client !== undefined && key !== undefined ? await gapNow(client, key) : undefined
  }

  async #imbalanceNow(): Promise<string | undefined> {
    const { bank, accountCount } = this.#settings
    if (bank === undefined || this.#lookCount % 5 !== 0) return undefined
    const banks = banksOf(accountCount)
    const accounts = await bank.look(banks[Math.floor(Math.random() * banks.length)] ?? [])
    if (accounts !== undefined) this.#bankLookCount += 1
    return accounts && imbalance(accounts)
  }
}
