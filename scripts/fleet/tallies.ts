import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** What ledgers told of in all processes of a run. */
export interface Tally {
  /** Records that were handed out although their effect was committed, and for which no handler ran. */
  readonly absorbed: number
  /** Transactions that were refused since the shard was another's by then. */
  readonly refused: number
}

/** Notes from now on what this process's ledger absorbs and refuses. Of one that is killed the last moment is missing. */
export function noteTally(path: string): void {
  const note = (line: object) => appendFileSync(path, `${JSON.stringify(line)}\n`)
  let absorbed = 0
  subscribe('tidemark:record:duplicate', () => {
    // A replay hands out thousands at once.
    if ((absorbed += 1) > 1) return
    setImmediate(() => {
      note({ absorbed })
      absorbed = 0
    })
  })
  subscribe('tidemark:commit:refused', () => note({ refused: 1 }))
}

/** Adds up what all noted. */
export function readTally(path: string): Tally {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  const sum = { absorbed: 0, refused: 0 }
  for (const line of lines) {
    const { absorbed = 0, refused = 0 } = JSON.parse(line) as Partial<Tally>
    sum.absorbed += absorbed
    sum.refused += refused
  }
  return sum
}
