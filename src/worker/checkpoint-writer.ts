import { emptyCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Flow } from '../consumer/flow.ts'
import type { Clock } from '../internal/clock.ts'
import type { LeaseTable } from '../leases/coordination.ts'
import type { Gap, HeldLease, Lease } from '../leases/lease.ts'
import type { Intake } from './intake.ts'
import { hasPlace, isNoteDue } from './read-start.ts'

/** What a checkpoint writer is made of. */
export interface CheckpointWriterOptions {
  readonly lease: Lease
  readonly held: HeldLease
  readonly leases: LeaseTable
  readonly intervalMs: number
  readonly clock: Clock
  onTrouble(error: unknown): void
  /** So much is durable. */
  onSaved(checkpoint: Checkpoint): void
}

/**
 * Saves a shard's progress while there is some, one write at a time and at most one an interval. The one writer of the
 * lease's row while the lease is held: who releases or finishes it stops this first, and waits for it.
 *
 * The ledger's marks are made durable before the checkpoint that lets them be forgotten. Were it the other way round, a
 * crash in between would leave a record that the stream does not bring again and of which the ledger knows nothing.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions
  #revision = 0
  #savedRevision = 0
  #saved: Intake | undefined
  // A pass that is over had progress that was not saved, and the next one has gone on from it.
  #isBehind = false
  #lastWrite: Promise<unknown> = Promise.resolve()
  #readNotedAt: number | undefined

  constructor(options: CheckpointWriterOptions) {
    this.#options = options
    this.#readNotedAt = options.lease.readAt
  }

  /** Saves until `signal` aborts; resolves with `lost` when the lease is another's. */
  async run(flow: Flow, intake: Intake, signal: AbortSignal): Promise<'lost' | 'stopped'> {
    const { clock, intervalMs, onTrouble } = this.#options
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal)
      if (signal.aborted) break
      try {
        await flow.flush()
        if ((await this.save(intake)) === 'lost' || (await this.#alone(() => this.#noteRead(intake))) === 'lost')
          return 'lost'
      } catch (error) {
        onTrouble(error) // the progress is still there, and the next interval saves it
      }
    }
    return 'stopped'
  }

  /** Whether there is progress that is not saved. */
  hasNews(intake: Intake): boolean {
    if (this.#isBehind) return true
    return this.#saved === intake ? intake.progress.revision !== this.#savedRevision : intake.progress.revision > 0
  }

  /** The pass of this intake is over, and another goes on from its progress. */
  passEnded(intake: Intake): void {
    this.#isBehind = this.hasNews(intake)
  }

  /** Saves what there is to save. */
  save(intake: Intake): Promise<'saved' | 'lost'> {
    return this.#alone(async () => (this.hasNews(intake) ? this.#save(intake) : 'saved'))
  }

  /** Saves where the shard begins for this consumer, before anything of it is handled. */
  saveStart(intake: Intake): Promise<'saved' | 'lost'> {
    return this.#alone(() => this.#save(intake))
  }

  async #save(intake: Intake): Promise<'saved' | 'lost'> {
    const { held, leases, onSaved } = this.#options
    // Noted before the checkpoint is taken: what is settled while it is being written is news to the next one.
    const { revision } = intake.progress
    const checkpoint = intake.progress.checkpoint()
    const answer = await leases.save(held, checkpoint, this.#next())
    if (answer === 'lost') return answer
    onSaved(checkpoint)
    ;[this.#saved, this.#savedRevision] = [intake, revision]
    this.#isBehind = false
    return answer
  }

  /** Were two under way, the later one could arrive first, and the earlier one would be taken for written over. */
  #alone<Answer>(write: () => Promise<Answer>): Promise<Answer> {
    const written = this.#lastWrite.then(write, write)
    this.#lastWrite = written
    return written
  }

  /** Notes lost data before which consumption halts. */
  halt(gap: Gap): Promise<'saved' | 'lost'> {
    return this.#options.leases.halt(this.#options.held, gap, this.#next())
  }

  /** Forgets the gap and begins anew behind it. */
  passGap(): Promise<'saved' | 'lost'> {
    return this.#options.leases.passGap(this.#options.held, emptyCheckpoint, this.#next())
  }

  async #noteRead(intake: Intake): Promise<'saved' | 'lost'> {
    const { lease, held, leases, clock } = this.#options
    if (!intake.hasRead || this.#saved !== undefined || hasPlace(lease.checkpoint)) return 'saved'
    const now = clock.now()
    if (!isNoteDue(lease, this.#readNotedAt, now)) return 'saved'
    const answer = await leases.noteRead(held, this.#next())
    if (answer === 'saved') this.#readNotedAt = now
    return answer
  }

  #next(): number {
    this.#revision += 1
    return this.#revision
  }
}
