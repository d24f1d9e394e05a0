import type { Clock } from '../internal/clock.ts'
import type { Work } from './work.ts'

// In Lambda a process that died of a record leaves nothing behind but that the record is late, and that the process is young.
const youngMs = 300_000
const lateMs = 60_000
const retentionMs = 26 * 3_600_000
// So far the clock of who took a lease over may be behind that of DynamoDB.
const clockDifferenceMs = 3_600_000

/** Of a record: whether an earlier process may have died of it without a note. */
export type Suspicion = (work: Work) => boolean

/** That a shard's lease was taken from an owner that had died. */
export interface OwnerDeath {
  /** When it was taken, epoch ms. */
  readonly knownAt: number
  /** So many of the records that are come upon first may have been under way by then. */
  readonly suspectCount: number
}

/** In Lambda: by the age of the record, and of this process, which began at `bornAt` of the monotonic clock. */
export function lateInYouth(clock: Clock, bornAt: number): Suspicion {
  const isYoung = clock.monotonic() - bornAt < youngMs
  return ({ record }) => {
    if (!isYoung || record === undefined) return false
    const ageMs = clock.now() - record.createdAt.getTime()
    return ageMs > lateMs && ageMs < retentionMs // what is older did not come from a stream
  }
}

/** In a worker: what is come upon first of what may have been there when the owner died. */
export function afterDeath(death: OwnerDeath | undefined): Suspicion {
  if (death === undefined) return () => false
  const latest = death.knownAt + clockDifferenceMs
  const suspects = new WeakSet<Work>()
  let leftCount = death.suspectCount
  return (work) => {
    if (suspects.has(work)) return true
    if (leftCount === 0 || work.record === undefined || work.record.createdAt.getTime() > latest) return false
    leftCount -= 1
    suspects.add(work)
    return true
  }
}
