import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ledgerTable, startTables, type DemoEngine, type DemoTables } from './dynamodb-tables.ts'
import { Producer } from './dynamodb-producer.ts'
import type { DemoEnvironment } from './environment.ts'
import { receiptsOf } from './mailbox.ts'
import { showProgress } from './progress.ts'
import { renderTable } from './table.ts'
import { startContestant, type Contestant } from './contestant.ts'
import { costOf } from './usage.ts'
import { isClean, judge } from './verdict.ts'

const introduction = `One table of messages, one stream, two consumers that mail a receipt for each message.
The producer repeats itself and re-inserts some; one message is poison; the mail
service fails at times; the functions' processes are killed in the middle of batches.

plain handler   for (record of event.Records) if INSERT, send. Mapping: 5 retries,
                then the batch goes to the dead letters.
tidemark        the same send, in a consumer, with its idempotency key. Mapping: the
                same, with partial batch responses and bisecting.
`

/** How to run the demo. */
export interface DemoOptions {
  readonly messages: number
  readonly engine: DemoEngine
}

/** Runs the demo; the exit code says whether Tidemark's column is clean. */
export async function demo({ messages, engine }: DemoOptions): Promise<number> {
  console.log(introduction)
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-'))
  try {
    const tables = await startTables(engine)
    try {
      return await contest(tables, folder, messages)
    } finally {
      await tables.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function contest(tables: DemoTables, folder: string, messages: number): Promise<number> {
  const environment = { DEMO_FOLDER: folder, DEMO_ENDPOINT: tables.endpoint, DEMO_LEDGER_TABLE: ledgerTable }
  const producer = new Producer(tables.dynamodb, messages)
  const plain = await startContestant(tables, environment, 'plain-function', {})
  const tidemark = await startContestant(tables, environment, 'dynamodb-tidemark-function', {
    functionResponseTypes: ['ReportBatchItemFailures'],
    bisectBatchOnFunctionError: true,
  })
  const endProgress = showProgress(() => progressLine(producer, folder, plain, tidemark))
  try {
    await producer.run()
    await Promise.all([plain.drain(), tidemark.drain()])
  } finally {
    endProgress()
    await Promise.all([plain.stop(), tidemark.stop()])
  }
  return report(producer, environment, plain, tidemark)
}

function progressLine(producer: Producer, folder: string, plain: Contestant, tidemark: Contestant): string {
  const [one, other] = [plain, tidemark].map(({ deliveryCount, name }) => {
    return `${name} ${deliveryCount()} delivered, ${receiptsOf(folder, name).length} sent`
  })
  return `${producer.putCount} puts; ${one}; ${other}`
}

function report(producer: Producer, { DEMO_FOLDER }: DemoEnvironment, plain: Contestant, tidemark: Contestant): number {
  const cost = costOf(DEMO_FOLDER)
  const ours = judge(producer.messageIds, receiptsOf(DEMO_FOLDER, tidemark.name))
  const theirs = judge(producer.messageIds, receiptsOf(DEMO_FOLDER, plain.name))
  const messageCount = producer.messageIds.length + 1
  const rows = [
    ['messages (one of them poison)', messageCount, messageCount],
    ['produced puts', producer.putCount, producer.putCount],
    ['deliveries', plain.deliveryCount(), tidemark.deliveryCount()],
    ['crashes and failed invocations', plain.errorCount(), tidemark.errorCount()],
    ['records given up to the dead letters', plain.givenUpCount(), tidemark.givenUpCount()],
    ['repeats the mail service dropped by key', theirs.repeatCount, ours.repeatCount],
    ['effects', theirs.effectCount, ours.effectCount],
    ['effects twice', theirs.twiceCount, ours.twiceCount],
    ['effects missing', theirs.missingCount, ours.missingCount],
    ['order violations', theirs.disorderCount, ours.disorderCount],
    ['requests for the ledger', 0, cost.requests],
    ['read units for the ledger', 0, cost.readUnits],
    ['write units for the ledger', 0, cost.writeUnits],
  ] as const
  console.log(`\n${renderTable(rows)}\n`)
  const clean = isClean(ours) && tidemark.givenUpCount() === 1
  console.log(clean ? cleanWords : dirtyWords)
  return clean ? 0 : 1
}

const cleanWords = `tidemark: every message took effect once and in order; the poison one, and nothing else,
is in the dead letters. Where a process died between an effect and its mark, the effect
was asked for again, with the key by which the mail service knew it.`
const dirtyWords = `tidemark: the column is not clean. That is a bug: please report it with this output.`
