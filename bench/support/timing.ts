/** What a piece of work took: of the clock, and of the processor by this process. */
export interface Timing {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Takes the time of a piece of work. */
export async function timed(work: () => unknown): Promise<Timing> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs, cpuMs: (user + system) / 1_000 }
}

/** The medians, each by itself. */
export function medians(timings: readonly Timing[]): Timing {
  return eachBy(median, timings)
}

/** The least, each by itself: the nearest to what it takes where nobody else uses the machine. */
export function least(timings: readonly Timing[]): Timing {
  return eachBy((values) => Math.min(...values), timings)
}

function eachBy(sum: (values: readonly number[]) => number, timings: readonly Timing[]): Timing {
  return { wallMs: sum(timings.map(({ wallMs }) => wallMs)), cpuMs: sum(timings.map(({ cpuMs }) => cpuMs)) }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/**
 * Rounds in which all contestants take their turn, one after the other and in the opposite order in the next round: what
 * the machine does meanwhile falls on all alike. Ends after `rounds`, or when `seconds` are over, but not before
 * the third.
 */
export async function takeTurns<Contestant>(
  contestants: readonly Contestant[],
  limits: { readonly rounds: number; readonly seconds: number },
  turn: (contestant: Contestant) => Promise<void>,
): Promise<number> {
  const start = performance.now()
  for (let round = 0; ; round += 1) {
    if (round >= limits.rounds || (round >= 3 && performance.now() - start > limits.seconds * 1_000)) return round
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) await turn(contestant)
  }
}
