import type { Receipt } from './mailbox.ts'

/** What a consumer did with the messages. */
export interface Verdict {
  /** Receipts that went out. */
  readonly effectCount: number
  /** Requests that the mail service knew by their idempotency key, so that nothing went out. */
  readonly repeatCount: number
  /** Messages whose receipt went out more than once. */
  readonly twiceCount: number
  /** Messages, the poison one apart, whose receipt never went out. */
  readonly missingCount: number
  /** Receipts that went out after one for a later change of the same message. */
  readonly disorderCount: number
}

/** Compares what was sent with what should have been: each message's receipt once. */
export function judge(messageIds: readonly string[], receipts: readonly Receipt[]): Verdict {
  const counts = new Map<string, number>()
  const latest = new Map<string, bigint>()
  let disorderCount = 0
  const sent = receipts.filter(({ isRepeat }) => !isRepeat)
  for (const { id, sequenceNumber } of sent) {
    const position = BigInt(sequenceNumber)
    counts.set(id, (counts.get(id) ?? 0) + 1)
    if (position < (latest.get(id) ?? 0n)) disorderCount += 1
    else latest.set(id, position)
  }
  return {
    effectCount: sent.length,
    repeatCount: receipts.length - sent.length,
    twiceCount: [...counts.values()].filter((count) => count > 1).length,
    missingCount: messageIds.filter((id) => !counts.has(id)).length,
    disorderCount,
  }
}

/** Whether every message took effect once and in order. */
export function isClean({ twiceCount, missingCount, disorderCount }: Verdict): boolean {
  return twiceCount === 0 && missingCount === 0 && disorderCount === 0
}
