import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, systemRandom } from '../../internal/system.ts'

/** A message as the demo's table holds it. */
export interface Message {
  readonly id: string
  readonly total: number
}

/** What the mail service did for one request. */
export interface Receipt {
  readonly id: string
  readonly sequenceNumber: string
  /** The service knew the request by its key and sent nothing. */
  readonly isRepeat: boolean
}

// One line a receipt, appended at once: what was sent stays sent, whatever becomes of the process that sent it.
const fileOf = (folder: string, consumer: string) => join(folder, `${consumer}.mailbox`)

/** A request to the mail service. */
export interface MailRequest {
  readonly message: Message
  readonly sequenceNumber: string
  /** As mail and payment services take it: a second request with the same key is answered, and nothing is sent. */
  readonly idempotencyKey?: string
}

/** The mail service of one consumer: it takes a moment, and once in a hundred times it fails before it sends. */
export class MailService {
  readonly #folder: string
  readonly #consumer: string
  // Each process gets that far and no further. It dies between the effect and any note of it, the worst place there is.
  #sendsLeft = 150 + Math.floor(systemRandom.next() * 250)

  constructor(folder: string, consumer: string) {
    this.#folder = folder
    this.#consumer = consumer
  }

  async send({ message, sequenceNumber, idempotencyKey }: MailRequest): Promise<void> {
    await systemClock.sleep(1 + systemRandom.next() * 2)
    if (systemRandom.next() < 0.01) throw new Error('the mail service did not answer')
    const amount = message.total.toFixed(2) // the poison message has no number here, and never will
    const isRepeat = idempotencyKey !== undefined && !this.#isNew(idempotencyKey)
    const receipt: Receipt = { id: message.id, sequenceNumber, isRepeat }
    appendFileSync(fileOf(this.#folder, this.#consumer), `${JSON.stringify({ ...receipt, amount })}\n`)
    this.#sendsLeft -= 1
    if (this.#sendsLeft === 0) process.kill(process.pid, 'SIGKILL')
  }

  #isNew(idempotencyKey: string): boolean {
    try {
      writeFileSync(join(this.#folder, `${this.#consumer}.${idempotencyKey}.key`), '', { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      return false
    }
  }
}

/** What the mail service did for a consumer so far, in that order. */
export function receiptsOf(folder: string, consumer: string): Receipt[] {
  return linesOf(fileOf(folder, consumer)) as Receipt[]
}

/** The objects of a file that has one a line; none when there is no such file yet. */
export function linesOf(file: string): unknown[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  // A line that is being written has no end yet.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line): unknown[] => (line === '' ? [] : [JSON.parse(line)]))
}
