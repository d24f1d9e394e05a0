import type { BankMark } from '../bank/bank-marks.ts'
import { commonMarks } from '../marks.ts'
import type { ParkingMark } from '../parking/parking-marks.ts'

const own = [
  'worker killed',
  'worker paused',
  'worker paused past its lease',
  'machine suspended',
  'wall clock set',
  'worker stopped',
  'worker could not start',
  'worker lapsed',
  'worker given up for dead',
  'coordination outage',
  'worker cut off from coordination',
  'stream access denied',
  'iterator expired',
  'lease taken from a dead worker',
  'lease handed over',
  'lease of an old epoch refused an effect',
  'settled beyond the frontier',
  'effect of a worker that had lost its lease',
  'stream enabled again',
  'fleet away for a day',
  'gap told',
  'records lost unread',
  'claim uncertain',
  'operator decides',
  'record before LATEST',
] as const

// What a mapping does, and what the spans of this world's profile do instead.
const elsewhere: ReadonlySet<string> = new Set(['duplicate skipped', 'server outage'])

/** What only the world of workers has. */
export type WorkerMark = (typeof own)[number] | 'fleet paused' | BankMark | ParkingMark

export const workerMarks: readonly string[] = [...commonMarks.filter((mark) => !elsewhere.has(mark)), ...own]
