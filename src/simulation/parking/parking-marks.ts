const own = [
  'record parked',
  'record parked behind others',
  'record queued before others',
  'lane full',
  'consumer full',
  'limit of a consumer overshot',
  'sink away',
  'sink told, and its reply lost',
  'sink told by a dead process',
  'sink told again',
  'lane opened',
  'lane let go with a record left',
  'parked record failed again',
  'parked record edited',
  'parked record dropped',
  'parked record found handled',
  'record that left the lot delivered again',
  'lane busy',
  'lane taken from a dead redriver',
  'redriver killed',
  'redriver paused past its hold',
  'effect of a redriver that had lost its lane',
  'process killed by a record',
  'record parked for its deaths',
  'record arrives while its lane is redriven',
  'circuit opened',
] as const

/** What only worlds have in which consumers park. */
export type ParkingMark = (typeof own)[number]

// A circuit opens when ten items fail alike, which most worlds do not have; the others take a few thousand.
const seldom: ReadonlySet<string> = new Set([
  'circuit opened',
  'effect of a redriver that had lost its lane',
  'limit of a consumer overshot',
])

export const parkingMarks: readonly string[] = own.filter((mark) => !seldom.has(mark))
