import type { MemberRow } from './coordination.ts'

/** A reply of the members' table, by the observer's monotonic clock. */
export interface MemberReply {
  readonly rows: readonly MemberRow[]
  readonly sentAtMs: number
  readonly receivedAtMs: number
}

interface Observation {
  readonly row: MemberRow
  /** When the reply came that first showed this beat: it was written before. */
  readonly firstShownAtMs: number
}

/**
 * What one observer knows of its fleet's members. It does nothing by itself: it is fed with replies.
 *
 *     unknown ── shown ──▶ alive ── the same beat shown by a request sent its leaseDurationMs after ──▶ dead
 *                            ▲                                                                           │
 *                            └────────────────────────── a larger beat shown ────────────────────────────┘
 *     any ── no longer shown ──▶ unknown
 *
 * The span is counted from a RECEIVED reply to a SENT request, both on one monotonic clock: however long replies were under
 * way and however long the observer was paused, the member was silent for at least that long. No two machines' clocks are
 * compared. A smaller beat comes from a stale read and is no news; but what a row that can't be read says, or said before it
 * was repaired, compares with nothing: then the span begins anew.
 *
 * Each is given the duration that its own row says, since by that it knows when to stop: by the observer's own, one with a
 * longer lease would be robbed while it is in its right.
 *
 * Of itself an observer only notes that its row is gone: whether it may work is for its right to work to say, and what it
 * changed it knows.
 */
export class Liveness {
  readonly #self: string
  readonly #leaseDurationMs: number
  readonly #members = new Map<string, Observation>()
  readonly #dead = new Set<string>()

  constructor(options: { readonly self: string; readonly leaseDurationMs: number }) {
    this.#self = options.self
    this.#leaseDurationMs = options.leaseDurationMs
  }

  /** Those that were silent for too long. */
  get dead(): ReadonlySet<string> {
    return this.#dead
  }

  /** All members as last shown. */
  get rows(): MemberRow[] {
    return [...this.#members.values()].map(({ row }) => row)
  }

  /** How long this member may be silent. */
  leaseDurationOf(id: string): number {
    return this.#members.get(id)?.row.leaseDurationMs ?? this.#leaseDurationMs
  }

  /**
   * Takes in a reply.
   *
   * @returns whether the leases have to be looked at: somebody came, went, is leaving, changed leases, died or rose again.
   */
  observe(reply: MemberReply): boolean {
    const shown = new Set(reply.rows.map(({ id }) => id))
    let isNews = false
    for (const id of this.#members.keys()) if (!shown.has(id)) isNews = this.forget(id) || isNews
    for (const row of reply.rows) isNews = this.#observeRow(row, reply) || isNews
    return isNews
  }

  /** The member's row was removed. */
  forget(id: string): boolean {
    this.#dead.delete(id)
    return this.#members.delete(id)
  }

  #observeRow(row: MemberRow, { sentAtMs, receivedAtMs }: MemberReply): boolean {
    const known = this.#members.get(row.id)
    if (known !== undefined && isComparable(row, known.row) && row.beat <= known.row.beat)
      return row.beat === known.row.beat && this.#age(known, sentAtMs)
    this.#members.set(row.id, { row, firstShownAtMs: receivedAtMs })
    if (row.id === this.#self) return false
    const hasRisen = this.#dead.delete(row.id)
    return hasRisen || known === undefined || row.changes > known.row.changes || row.leaving !== known.row.leaving
  }

  // Only a reply that shows the last beat again says how long it has been the last one.
  #age({ row, firstShownAtMs }: Observation, sentAtMs: number): boolean {
    if (row.id === this.#self || this.#dead.has(row.id)) return false
    if (sentAtMs - firstShownAtMs < this.leaseDurationOf(row.id)) return false
    this.#dead.add(row.id)
    return true
  }
}

function isComparable(row: MemberRow, known: MemberRow): boolean {
  return (row.unreadable === undefined) === (known.unreadable === undefined)
}
