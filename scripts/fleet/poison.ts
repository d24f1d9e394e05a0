import { createHash } from 'node:crypto'
import { storiesOf } from './changes.ts'
import { changeOf } from './facts.ts'
import type { JournalEntry } from './journal.ts'

/** Whether workers can't handle this version of a key, whichever of them and however often: one in `every`, by chance. */
export function isPoison(key: string, n: number, every: number): boolean {
  return every > 0 && createHash('sha256').update(`${key}@${n}`).digest().readUInt32BE(0) % every === 0
}

/**
 * Keys whose last effect is not that of their last version: an older state was left for good. An effect of a worker that had
 * lost the shard meanwhile does not count: without a fence what it had begun may still take effect, poison or not.
 */
export function staleEnds(produced: ReadonlyMap<string, number>, entries: readonly JournalEntry[]): readonly string[] {
  const latestEpoch = new Map<string, number>()
  const end = new Map<string, number>()
  for (const { kind, key, n, shardId, epoch } of entries.toSorted((one, other) => one.at - other.at)) {
    const latest = latestEpoch.get(shardId) ?? -Infinity
    if (kind === 'started') latestEpoch.set(shardId, Math.max(epoch, latest))
    else if (kind === 'done' && epoch >= latest) end.set(key, n)
  }
  return [...produced].flatMap(([key, n]) =>
    end.get(key) === n ? [] : [`${key} ended with version ${end.get(key) ?? 'none'} of ${n}`],
  )
}

/** Poison that took effect in a worker: the run has not shown what it should. */
export function unparked(entries: readonly JournalEntry[], every: number): readonly string[] {
  return [...storiesOf(entries).values()]
    .filter(({ key, n, done }) => isPoison(key, n, every) && done.some((entry) => !isRedriven(entry)))
    .map(changeOf)
}

/** What stands for the shard in a redriver's journal: nobody has a shard there, and the record was of this one. */
export function redrivenFrom(redriver: string, shardId: string): string {
  return `redrive/${redriver}/${shardId}`
}

/** Whether a redriver did it. */
export function isRedriven({ shardId }: { readonly shardId: string }): boolean {
  return shardId.startsWith('redrive/')
}

/** The shard that the record is of. */
export function shardOf({ shardId }: { readonly shardId: string }): string {
  return shardId.slice(shardId.lastIndexOf('/') + 1)
}
