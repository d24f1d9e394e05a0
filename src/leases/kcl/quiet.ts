import type { Clock } from '../../internal/clock.ts'

/** KCL renews each lease every 3.3 s and gives one up for dead after 10 s: whoever is silent for 15 s is not there. */
export const defaultObserveMs = 15_000

/**
 * Reads the same thing again and again until `observeMs` have passed, counted from a reply RECEIVED to a request SENT on
 * one monotonic clock, or until something changed. A living worker shows itself by its counter; what wall clocks on other
 * machines say is not looked at.
 *
 * @param signsOfLife What changed between two readings, in words.
 * @returns the last reading and the signs of life found.
 */
export async function watchQuiet<Reading>(
  read: () => Promise<Reading>,
  signsOfLife: (before: Reading, now: Reading) => readonly string[],
  { observeMs, clock }: { readonly observeMs: number; readonly clock: Clock },
): Promise<{ readonly reading: Reading; readonly alive: readonly string[] }> {
  const first = await read()
  const firstReceivedAt = clock.monotonic()
  for (;;) {
    const leftMs = observeMs - (clock.monotonic() - firstReceivedAt)
    await clock.sleep(Math.max(1, Math.min(leftMs, observeMs / 5)))
    const sentAt = clock.monotonic()
    const reading = await read()
    const alive = signsOfLife(first, reading)
    if (alive.length > 0 || sentAt - firstReceivedAt >= observeMs) return { reading, alive }
  }
}
