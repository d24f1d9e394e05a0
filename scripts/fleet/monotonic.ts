/** Milliseconds of the machine's monotonic clock: the same one in every process, so that their notes can be compared. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
