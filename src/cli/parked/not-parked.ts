import { exitCodes } from '../exit-codes.ts'

/** Says that what was named is not in the lot; the exit code. */
export function notParked(what: string): number {
  console.error(`${what} is not parked: "tidemark parked list" shows what is, and a redrive may have settled it`)
  return exitCodes.failed
}
