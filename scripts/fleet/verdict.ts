import { storiesOf } from './changes.ts'
import { changeOf, type Change, type RunFacts } from './facts.ts'
import { committedZombies, idleZombies, vanished } from './fence.ts'
import { doneTwice, orderViolations, overlapViolations, place, unexcusedZombies, zombieStarts } from './order.ts'
import { ParkedRepeats } from './parked-repeats.ts'
import { repeatsOf, type Effect, type Repeat } from './repeats.ts'
import { Saved } from './saved.ts'

/** What came of a run. Lists hold one line for each violation: all of them empty means clean. */
export interface Verdict {
  readonly counts: {
    readonly produced: number
    /** Changes whose effect took place. */
    readonly effective: number
    readonly handlerRuns: number
    /** Effects beyond the first of their change. */
    readonly repeated: number
    /** Repeats, by what entitled to them. */
    readonly repeatedBecause: Readonly<Record<string, number>>
    /** Fenced effects that were attempted by a worker without the lease, and refused. */
    readonly refused: number
    /** With a ledger: handlers that went on without the lease, and in vain. */
    readonly idleZombies: number
    readonly failed: number
    /** Handlers that began although a later epoch had begun to work: a process stopped between its check and its note. */
    readonly zombieStarts: number
    /** Checkpoints of which workers knew that they are durable. */
    readonly saves: number
  }
  readonly violations: {
    readonly lost: readonly string[]
    readonly unexpected: readonly string[]
    readonly disorder: readonly string[]
    readonly overlap: readonly string[]
    readonly unexplainedRepeats: readonly string[]
    readonly savedUndone: readonly string[]
    readonly zombieEffects: readonly string[]
    readonly vanished: readonly string[]
    readonly doneTwice: readonly string[]
    readonly zombieStarts: readonly string[]
  }
}

/** Compares what was produced with what took effect, as Kafka's system tests do: sets, repeats, order by key. */
export function judge(facts: RunFacts): Verdict {
  const { entries, rows, produced } = facts
  const stories = storiesOf(entries)
  const effects = effectsByChange(facts)
  const saved = new Saved(facts)
  const repeats = [...effects.values()].flatMap(judgeOfRepeats(facts, saved))
  const zombies = zombieStarts(entries)
  const count = (kind: string) => entries.reduce((sum, entry) => sum + (entry.kind === kind ? 1 : 0), 0)
  return {
    counts: {
      produced: [...produced.values()].reduce((sum, n) => sum + n, 0),
      effective: effects.size,
      handlerRuns: count('started'),
      repeated: repeats.length,
      repeatedBecause: countBy(repeats, ({ because }) => because ?? 'nothing'),
      refused: count('refused'),
      idleZombies: rows === undefined ? 0 : idleZombies(rows, entries).length,
      failed: count('failed'),
      zombieStarts: zombies.length,
      saves: facts.saves.length,
    },
    violations: {
      lost: lost(produced, effects),
      unexpected: unexpected(produced, effects),
      disorder: orderViolations(stories),
      overlap: overlapViolations(entries),
      unexplainedRepeats: repeats.filter(({ wrong }) => wrong !== undefined).map(describeRepeat),
      savedUndone: saved.passedUndone(),
      zombieEffects: rows === undefined ? [] : committedZombies(rows, entries),
      vanished: rows === undefined ? [] : vanished(rows, entries),
      doneTwice: doneTwice(entries),
      zombieStarts: unexcusedZombies(zombies, facts.disturbances),
    },
  }
}

function judgeOfRepeats(facts: RunFacts, saved: Saved): (effects: readonly Effect[]) => readonly Repeat[] {
  const { parkings, entries, commitsOnce = false } = facts
  if (parkings === undefined) return (effects) => repeatsOf(effects, commitsOnce ? undefined : saved)
  const parked = new ParkedRepeats(parkings, entries, saved)
  return (effects) => parked.of(effects)
}

export function isClean({ violations }: Pick<Verdict, 'violations'>): boolean {
  return Object.values(violations).every((lines) => lines.length === 0)
}

function effectsByChange({ entries, rows }: RunFacts): ReadonlyMap<Change, readonly Effect[]> {
  const effects: readonly Effect[] =
    rows === undefined
      ? entries.filter(({ kind }) => kind === 'done')
      : rows.map(({ sentAt, ...row }) => ({ ...row, at: sentAt }))
  const byChange = new Map<Change, Effect[]>()
  for (const effect of effects) {
    const change = changeOf(effect)
    const known = byChange.get(change)
    if (known === undefined) byChange.set(change, [effect])
    else known.push(effect)
  }
  return byChange
}

function lost(produced: ReadonlyMap<string, number>, effects: ReadonlyMap<Change, unknown>): readonly string[] {
  const missing: string[] = []
  for (const [key, last] of produced)
    for (let n = 1; n <= last; n += 1) if (!effects.has(changeOf({ key, n }))) missing.push(changeOf({ key, n }))
  return missing
}

function unexpected(
  produced: ReadonlyMap<string, number>,
  effects: ReadonlyMap<Change, readonly Effect[]>,
): readonly string[] {
  return [...effects.values()]
    .flatMap((ofOne) => ofOne.slice(0, 1))
    .filter(({ key, n }) => !Number.isInteger(n) || n < 1 || n > (produced.get(key) ?? 0))
    .map(changeOf)
}

function describeRepeat({ first, again, wrong }: Repeat): string {
  return `${changeOf(first)}: ${place(first)}, and again ${place(again)}, although ${wrong}`
}

function countBy<Thing>(things: readonly Thing[], nameOf: (thing: Thing) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const thing of things) counts[nameOf(thing)] = (counts[nameOf(thing)] ?? 0) + 1
  return counts
}
