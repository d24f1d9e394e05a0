import type { DeadLetter } from '../../parking/dead-letter.ts'
import type { LotBook } from './lot-book.ts'
import type { LotOracleSetting } from './lot-oracle.ts'
import { contentOf, type SeenParked } from './lot-rows.ts'
import { systemic } from './reason-judge.ts'

/** Judges what sinks are told: each record that failed, before it is in the lot, and nothing else. */
export class SinkJudge {
  readonly #setting: LotOracleSetting
  readonly #book: LotBook
  readonly #told = new Set<string>()

  constructor(setting: LotOracleSetting, book: LotBook) {
    this.#setting = setting
    this.#book = book
  }

  /** A process begins to tell a sink. */
  telling({ eventId, error, record }: DeadLetter, sender: string): void {
    const { violate } = this.#setting
    if (error === undefined || systemic.test(error.name))
      return violate(`${sender} tells a sink of ${eventId}, which failed for ${error?.name ?? 'nothing'}`)
    // Of one that was claimed, and whose owner was not heard of again, nobody knows whether it was begun.
    if (!this.#book.tried.has(eventId) && error.name !== 'UncertainOutcomeError')
      violate(`${sender} tells a sink of ${eventId}, which nobody has tried`)
    if (!this.#book.isWhole({ eventId, content: contentOf(record) }))
      violate(`${sender} tells a sink of ${eventId}, and not as it was delivered`)
  }

  /** The sink has said that it has the letter, and its sender has heard it. */
  told(sink: string, { eventId }: DeadLetter, sender: string): void {
    const [mine, anybodys] = [`${sink} ${eventId} ${sender}`, `${sink} ${eventId}`]
    if (this.#told.has(anybodys)) this.#setting.mark('sink told again')
    this.#told.add(mine).add(anybodys)
  }

  /** A record is in the lot for its own failure. What another has told does not count: he may have died before he was sure. */
  parked({ eventId }: SeenParked, sender: string): void {
    for (let number = 1; number <= this.#setting.parking.sinks.length; number += 1)
      if (!this.#told.has(`sink${number} ${eventId} ${sender}`))
        this.#setting.violate(`${sender} parks ${eventId} before sink${number} has said that it has it`)
  }
}
