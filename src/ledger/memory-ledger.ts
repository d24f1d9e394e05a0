import type { Clock, Random } from '../internal/clock.ts'
import { systemClock, systemRandom } from '../internal/system.ts'
import { choice, knownNames, shape } from '../internal/validate.ts'
import { claimUntil, defaultWindowDays, windowMs, type Uncertain } from './claim-ledger.ts'
import { MemoryParkingLot } from '../parking/memory-parking-lot.ts'
import type { Claim, ClaimOutcome, Ledger, LedgerBatch, LedgerEntry, LedgerSession } from './ledger.ts'

/** What a memory ledger is made of. */
export interface MemoryLedgerOptions {
  /** Days for which a completed change is remembered; 1 to 3,650. @default 7 */
  readonly windowDays?: number
  /** What to do with a record that an earlier owner claimed and never settled: see `dynamodbLedger`. @default 'retry' */
  readonly uncertain?: Uncertain
  readonly clock?: Clock
  readonly random?: Random
}

/** One change as the ledger remembers it. */
type State =
  | { readonly state: 'completed' }
  | { readonly state: 'claimed'; readonly token: string; readonly claimedAt: number; readonly until: number }

type Memory = State & { readonly expiresAt: number }

/**
 * Remembers in this process's memory: for tests and development. It is lost with the process, so it absorbs what one
 * process sees twice and nothing else.
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  shape('memoryLedger options', options)
  knownNames('memoryLedger options', options, ['windowDays', 'uncertain', 'clock', 'random'])
  const uncertain = choice('uncertain', options.uncertain ?? 'retry', ['retry', 'park'] as const)
  const keepMs = windowMs(options.windowDays ?? defaultWindowDays)
  const { clock = systemClock, random = systemRandom } = options
  const memories = new Map<string, Memory>()
  return {
    open: (batch) =>
      Promise.resolve(new MemorySession(batch, memories, { uncertain, keepMs, clock, token: random.id() })),
    async completed({ consumer }, entries) {
      const recalled = ({ idempotencyKey }: LedgerEntry) => memories.get(`${consumer}\n${idempotencyKey}`)
      const isCompleted = (memory?: Memory) => memory?.state === 'completed' && memory.expiresAt > clock.now()
      return new Set(entries.filter((entry) => isCompleted(recalled(entry))))
    },
    parking: new MemoryParkingLot(clock),
    windowMs: keepMs,
  }
}

interface SessionSettings {
  readonly uncertain: Uncertain
  readonly keepMs: number
  readonly clock: Clock
  readonly token: string
}

class MemorySession implements LedgerSession {
  readonly laneWaits = false
  readonly #batch: LedgerBatch
  readonly #memories: Map<string, Memory>
  readonly #settings: SessionSettings

  constructor(batch: LedgerBatch, memories: Map<string, Memory>, settings: SessionSettings) {
    this.#batch = batch
    this.#memories = memories
    this.#settings = settings
  }

  claim(entry: LedgerEntry): ClaimOutcome {
    const { clock, token, uncertain } = this.#settings
    const memory = this.#recall(entry)
    if (memory?.state === 'completed') return { status: 'completed' }
    if (uncertain === 'park') {
      if (memory !== undefined && memory.token !== token) return judgeForeign(memory, clock.now())
      const claimedAt = clock.now()
      this.#remember(entry, { state: 'claimed', token, claimedAt, until: claimUntil(claimedAt, this.#batch) })
    }
    return { status: 'claimed', claim: { entry, token } }
  }

  complete({ entry }: Claim): void {
    this.#remember(entry, { state: 'completed' })
  }

  release({ entry, token }: Claim): void {
    const memory = this.#recall(entry)
    if (memory?.state === 'claimed' && memory.token === token) this.#memories.delete(this.#name(entry))
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  close(): void {
    // What completed was remembered at once: nothing is left that could come too late.
  }

  #recall(entry: LedgerEntry): Memory | undefined {
    const memory = this.#memories.get(this.#name(entry))
    if (memory === undefined || memory.expiresAt > this.#settings.clock.now()) return memory
    this.#memories.delete(this.#name(entry))
    return undefined
  }

  #remember(entry: LedgerEntry, memory: State): void {
    const { clock, keepMs } = this.#settings
    this.#memories.set(this.#name(entry), { ...memory, expiresAt: clock.now() + keepMs })
  }

  #name({ idempotencyKey }: LedgerEntry): string {
    return `${this.#batch.consumer}\n${idempotencyKey}`
  }
}

function judgeForeign({ claimedAt, until }: Memory & { readonly state: 'claimed' }, now: number): ClaimOutcome {
  if (until > now) return { status: 'in-progress', until }
  const remedy = 'A memory ledger forgets it with its process.'
  return { status: 'uncertain', since: claimedAt, remedy }
}
