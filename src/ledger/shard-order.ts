import { createHash } from 'node:crypto'
import { compareSequenceNumbers, padSequenceNumber } from '../record/sequence-number.ts'
import type { LedgerEntry } from './ledger.ts'

/** What is remembered of a shard: which of its records have taken effect. */
export interface ShardMark {
  /** The last record in question, padded to 40 digits; empty before the first. */
  readonly through: string
  /**
   * Lanes that are behind, by the hash of their key, and from which record on (padded): of these nothing from there on has
   * taken effect. A lane's records take effect one after the other, so one number a lane says it all.
   */
  readonly holes: ReadonlyMap<string, string>
}

/**
 * Where a record of the shard stands.
 *
 *     waiting ─▶ running ─▶ ready ─▶ done
 *        │          │        │
 *        └──────────┴────────┴─▶ aside: given up for now; what is behind it need not wait, and it may run again
 */
type State = 'waiting' | 'running' | 'ready' | 'aside' | 'done'

/** A record in the shard's order. */
export class Slot<Ready> {
  readonly entry: LedgerEntry
  /** Its sequence number, padded. */
  readonly at: string
  state: State = 'waiting'
  /** What a `ready` one is to be committed with. */
  ready: Ready | undefined
  #lane: string | undefined

  constructor(entry: LedgerEntry) {
    this.entry = entry
    this.at = padSequenceNumber(entry.sequenceNumber)
  }

  /** Its lane as the mark names it: made when first asked for, which is only where a lane is behind. */
  get lane(): string {
    return (this.#lane ??= laneHash(this.entry.laneKey))
  }
}

/** Whom the order waits for: records under way, those that may yet begin as well, or nobody. */
export type Patience = 'for-all' | 'for-running' | 'for-none'

/** More lanes than this are not left behind: their numbers stand in the row that every commit writes. */
export const mostHoles = 1_000

/**
 * The records of a shard between the admission and the effect, in stream order, and the mark that says which are done. It
 * decides what may be committed next; it does no I/O.
 *
 * Records take effect in stream order, but for lanes that stand still: those are left behind as holes, and catch up later.
 */
export class ShardOrder<Ready> {
  #mark: ShardMark
  // What the shard's mark said before this owner. As long as records up to there are still to be read again, a lane that was
  // behind counts as such from its first record that has not been done since: the next one may not be known yet.
  readonly #inherited: { readonly through: string; readonly holes: Map<string, string> }
  #slots: Slot<Ready>[] = []
  #admittedThrough = ''
  #doneCount = 0

  constructor(mark: ShardMark) {
    this.#mark = mark
    this.#inherited = { through: mark.through, holes: new Map(mark.holes) }
  }

  /** The mark as it is known to be. */
  get mark(): ShardMark {
    return this.#mark
  }

  /** Takes records behind all that were admitted before; those that have taken effect are done at once. */
  admit(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) {
      const slot = new Slot<Ready>(entry)
      this.#slots.push(slot)
      if (slot.at > this.#admittedThrough) this.#admittedThrough = slot.at
      if (isCovered(slot, this.#mark)) this.finish(slot)
    }
  }

  /** A record that was admitted and is not forgotten yet. */
  find({ sequenceNumber }: LedgerEntry): Slot<Ready> | undefined {
    let [from, end] = [0, this.#slots.length]
    while (from < end) {
      const middle = (from + end) >> 1
      const slot = this.#slots[middle]
      const difference = slot === undefined ? 0 : compareSequenceNumbers(slot.entry.sequenceNumber, sequenceNumber)
      if (difference === 0) return slot
      if (difference < 0) from = middle + 1
      else end = middle
    }
    return undefined
  }

  /** What is ready and not done. */
  allReady(): Ready[] {
    return this.#slots.flatMap(({ ready }) => (ready === undefined ? [] : [ready]))
  }

  /** It needs no commit any more. */
  finish(slot: Slot<Ready>): void {
    if (slot.state === 'done') return
    slot.state = 'done'
    slot.ready = undefined
    this.#doneCount += 1
    passBy(slot, this.#inherited.holes)
    if (this.#doneCount > 64 && this.#doneCount * 2 > this.#slots.length) this.#forget()
  }

  /** The mark was written, or read: what it covers is done. Returns what those that were ready were ready with. */
  adopt(mark: ShardMark): Ready[] {
    this.#mark = mark
    const committed: Ready[] = []
    for (const slot of this.#slots) {
      if (slot.at > mark.through) break
      if (slot.state === 'done' || !isCovered(slot, mark)) continue
      if (slot.ready !== undefined) committed.push(slot.ready)
      this.finish(slot)
    }
    // Nobody looks for them any more, and what is kept for nothing grows old, and is dear to collect.
    this.#forget()
    return committed
  }

  /**
   * Offers what may be committed next, in order, until `take` refuses one; returns the mark that says that those taken are
   * done, or `undefined` when none was.
   *
   * What is ready waits for what stands before it, as `patience` says, but not for what an earlier commit has passed.
   */
  next(patience: Patience, take: (slot: Slot<Ready>, ready: Ready) => boolean): ShardMark | undefined {
    const taken: Slot<Ready>[] = []
    const left: Slot<Ready>[] = []
    const behind = this.#stillInherited()
    let through = this.#mark.through
    for (const slot of this.#slots) {
      if (slot.state === 'done') continue
      const wasPassed = slot.at <= this.#mark.through
      if (slot.ready !== undefined && (wasPassed || behind.size <= mostHoles) && take(slot, slot.ready)) {
        taken.push(slot)
        if (slot.at > through) through = slot.at
        continue
      }
      // A lane that is behind can't begin its next record either.
      const isAwaited = slot.ready !== undefined || (blocks(slot, patience) && !isBehind(slot, behind))
      if (!wasPassed && isAwaited) break
      if (!isBehind(slot, behind)) behind.set(slot.lane, slot.at)
      left.push(slot)
    }
    if (taken.length === 0) return undefined
    return { through, holes: this.#holes(taken, left, through) }
  }

  /** The lanes behind once some are done and others left, each with its first record that is not done. */
  #holes(taken: readonly Slot<Ready>[], left: readonly Slot<Ready>[], through: string): Map<string, string> {
    const holes = this.#stillInherited()
    for (const slot of taken) passBy(slot, holes)
    for (const slot of left) {
      if (slot.at > through) break
      if (!isBehind(slot, holes)) holes.set(slot.lane, slot.at)
    }
    return holes
  }

  #stillInherited(): Map<string, string> {
    return this.#admittedThrough < this.#inherited.through ? new Map(this.#inherited.holes) : new Map<string, string>()
  }

  #forget(): void {
    this.#slots = this.#slots.filter(({ state }) => state !== 'done')
    this.#doneCount = 0
  }
}

function blocks({ state }: Slot<unknown>, patience: Patience): boolean {
  return (state === 'running' && patience !== 'for-none') || (state === 'waiting' && patience === 'for-all')
}

/** Whether the mark says that a record has taken effect. */
export function covers(mark: ShardMark, entry: LedgerEntry): boolean {
  return isCovered(new Slot(entry), mark)
}

function isCovered(slot: Slot<unknown>, { through, holes }: ShardMark): boolean {
  if (slot.at > through || holes.size === 0) return slot.at <= through
  const from = holes.get(slot.lane)
  return from === undefined || slot.at < from
}

// A lane is named by a hash, and nearly always none is behind: then no name is asked for.
function isBehind(slot: Slot<unknown>, holes: ReadonlyMap<string, string>): boolean {
  return holes.size > 0 && holes.has(slot.lane)
}

/** The record is done: if its lane is behind, then from the next one on. */
function passBy(slot: Slot<unknown>, holes: Map<string, string>): void {
  if (holes.size === 0) return
  const from = holes.get(slot.lane)
  if (from !== undefined && slot.at >= from) holes.set(slot.lane, successor(slot.at))
}

/** Half of a SHA-256: a key may have 3 KB, and the row has room for a thousand lanes. */
function laneHash(laneKey: string): string {
  return createHash('sha256').update(laneKey).digest('base64url').slice(0, 22)
}

function successor(at: string): string {
  return String(BigInt(at) + 1n).padStart(at.length, '0')
}
