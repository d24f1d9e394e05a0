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
  return { wallMs: median(timings.map(({ wallMs }) => wallMs)), cpuMs: median(timings.map(({ cpuMs }) => cpuMs)) }
}

/** The fastest by the clock: what there is to reach on a machine that others use too. */
export function fastest(timings: readonly Timing[]): number {
  return Math.min(...timings.map(({ wallMs }) => wallMs))
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/**
 * Rounds in which all contestants take their turn, one after the other and in the opposite order in the next round: what
 * the machine does meanwhile falls on all alike. Ends after `rounds`, or when `seconds` are over, but not before five.
 */
export async function takeTurns<Contestant>(
  contestants: readonly Contestant[],
  limits: { readonly rounds: number; readonly seconds: number },
  turn: (contestant: Contestant) => Promise<void>,
): Promise<number> {
  const start = performance.now()
  for (let round = 0; ; round += 1) {
    if (round >= limits.rounds || (round >= 5 && performance.now() - start > limits.seconds * 1_000)) return round
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) await turn(contestant)
  }
}
