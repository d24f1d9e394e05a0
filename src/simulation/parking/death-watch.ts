import type { Change } from '../history.ts'

/** A lane's note of an attempt, and who wrote it. */
export interface NotedLane {
  readonly row: { readonly noted: string | undefined }
  readonly notedBy: string | undefined
}

/** Keeps account of processes that records have killed, and of attempts that were noted and of which nobody has heard again. */
export class DeathWatch {
  readonly #deaths = new Map<string, { all: number; noted: number }>()
  // Places of notes whose writers were silenced with them standing
  readonly #unheard = new Set<string>()
  readonly #silent = new Set<string>()

  /** A process dies of a record. `isDue`: an attempt is to be noted by now. @returns a complaint when it has killed too often. */
  killedBy(
    { eventId, sequenceNumber }: Change,
    lanes: Iterable<NotedLane>,
    isDue: boolean,
    maxAttempts: number,
  ): string | undefined {
    const deaths = this.#deaths.get(eventId) ?? { all: 0, noted: 0 }
    this.#deaths.set(eventId, deaths)
    const place = `#${String(sequenceNumber).padStart(40, '0')}`
    if ([...lanes].some(({ row }) => row.noted?.endsWith(place) === true)) deaths.noted += 1
    if (isDue) deaths.all += 1
    // Nobody suspects it before it has killed once, and each later attempt is to be noted.
    const most = Math.max(2, maxAttempts)
    if (deaths.noted <= most && deaths.all <= most + 1) return undefined
    return `${eventId} has killed ${deaths.all} processes, ${deaths.noted} with a note of it, and is not parked`
  }

  /** A process died, for whatever reason, or is stopped until nobody knows when: what it runs is not heard of. */
  silenced(actor: string, lanes: Iterable<NotedLane>): void {
    this.#silent.add(actor)
    for (const { row, notedBy } of lanes) if (row.noted !== undefined && notedBy === actor) this.#unheard.add(row.noted)
  }

  /** It runs something. */
  heard(actor: string): void {
    this.#silent.delete(actor)
  }

  /** A note was written. */
  noted(place: string, actor: string): void {
    if (this.#silent.has(actor)) this.#unheard.add(place) // it was under way
  }

  /** Whether an attempt that was noted at this place may be taken for a death. */
  isUnheard(place: string): boolean {
    return this.#unheard.has(place)
  }
}
