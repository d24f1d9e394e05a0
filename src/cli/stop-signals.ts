import type { Clock } from '../internal/clock.ts'

const stopSignals = ['SIGINT', 'SIGTERM'] as const

// Ctrl+C under npx comes twice: from the terminal to all of its processes, and from npx, which hands on what it gets. Nobody
// types a second one this fast.
const echoMs = 200

/** The signals that ask a process to stop, as this process takes them. */
export interface StopSignals {
  /** Resolves with the first of them. A second one ends the process at once, with 130. */
  readonly first: Promise<string>
  /** Aborted with the first of them. */
  readonly stopping: AbortSignal
  /** Lets signals do again what they do by default. */
  end(): void
}

/** Begins to take SIGINT and SIGTERM, and the end of whoever reads our output. */
export function takeStopSignals(clock: Clock, onSecond: (signal: string) => void): StopSignals {
  const { promise: first, resolve } = deferred()
  const controller = new AbortController()
  void first.then(() => controller.abort())
  let firstAt: number | undefined
  const take = (signal: string) => {
    firstAt ??= clock.monotonic()
    if (clock.monotonic() - firstAt < echoMs) return resolve(signal)
    onSecond(signal)
    process.exit(130)
  }
  const outputClosed = () => resolve('output closed')
  for (const signal of stopSignals) process.on(signal, take)
  process.stdout.on('error', outputClosed)
  return {
    first,
    stopping: controller.signal,
    end: () => {
      for (const signal of stopSignals) process.off(signal, take)
      process.stdout.off('error', outputClosed)
    },
  }
}

function deferred(): { readonly promise: Promise<string>; readonly resolve: (value: string) => void } {
  let resolve: (value: string) => void = () => {}
  const promise = new Promise<string>((done) => (resolve = done))
  return { promise, resolve }
}
