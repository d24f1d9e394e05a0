import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs'
import { monotonicMs } from './monotonic.ts'

/**
 * What a handler notes: it began, its effect took place, its effect was refused because the lease had moved on, or it
 * failed in another way. In plain mode `done` is the effect itself; in fenced mode it says that the table took it. With a
 * ledger a handler has `ran` before that, and its effect is committed behind it.
 */
export type EntryKind = 'started' | 'ran' | 'done' | 'refused' | 'failed'

/** One run of a handler for version `n` of a key, as its process noted it. */
export interface JournalEntry {
  readonly kind: EntryKind
  readonly key: string
  readonly n: number
  readonly sequenceNumber: string
  readonly shardId: string
  readonly epoch: number
  readonly worker: string
  readonly attempt: number
  /** Monotonic ms, comparable between the processes of this machine. */
  readonly at: number
}

/**
 * A worker's own file of entries. One `write` a line and no buffer of our own: what the kernel has taken outlives a
 * `kill -9`, and a line is there whole or not at all.
 */
export class JournalWriter {
  readonly #file: number
  readonly #worker: string

  constructor(path: string, worker: string) {
    this.#file = openSync(path, 'a')
    this.#worker = worker
  }

  write(entry: Omit<JournalEntry, 'worker' | 'at'>): void {
    const { kind, key, n, sequenceNumber, shardId, epoch, attempt } = entry
    writeSync(
      this.#file,
      `${[kind, key, n, sequenceNumber, shardId, epoch, this.#worker, attempt, monotonicMs()].join(' ')}\n`,
    )
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Reads whole lines; what is not an entry is an error, since nothing else may be written there. */
export function parseEntry(line: string): JournalEntry {
  const [kind = '', key = '', n, sequenceNumber = '', shardId = '', epoch, worker = '', attempt, at] = line.split(' ')
  const place = { sequenceNumber, shardId, epoch: Number(epoch), worker }
  const entry = { kind, key, n: Number(n), ...place, attempt: Number(attempt) }
  if (!isKind(kind) || !Number.isFinite(Number(at))) throw new Error(`not a line of a journal: ${line}`)
  return { ...entry, kind, at: Number(at) }
}

function isKind(text: string): text is EntryKind {
  return ['started', 'ran', 'done', 'refused', 'failed'].includes(text)
}

/** A time in which a process, or the whole machine, did not get on; or at the end of which a worker gave up its leases by itself. */
export interface Stall {
  readonly kind: 'stall' | 'lapse'
  /** The worker, or `*` for what everybody depends on. */
  readonly who: string
  readonly from: number
  readonly to: number
}

export function noteStall(path: string, stall: Stall): void {
  appendFileSync(path, `${JSON.stringify(stall)}\n`)
}

/** Notes when this process was not run for longer than `limitMs`; the function returned ends it. */
export function watchStalls(path: string, who: string, limitMs: number): () => void {
  let last = monotonicMs()
  const timer = setInterval(() => {
    const now = monotonicMs()
    if (now - last > limitMs) noteStall(path, { kind: 'stall', who, from: last, to: now })
    last = now
  }, limitMs / 5)
  timer.unref()
  return () => clearInterval(timer)
}
