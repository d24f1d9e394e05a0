import type { Clock } from '../../src/internal/clock.ts'

/** Two clocks that are set apart from each other. */
export class TwoClocks implements Clock {
  wallMs = Date.UTC(2026, 0, 1)
  monotonicMs = 0
  now = () => this.wallMs
  monotonic = () => this.monotonicMs
  sleep = () => Promise.resolve()
  schedule = () => () => {}

  pass(ms: number): void {
    this.wallMs += ms
    this.monotonicMs += ms
  }

  /** The machine is suspended: its monotonic clock stands still. */
  suspend(ms: number): void {
    this.wallMs += ms
  }

  setBack(ms: number): void {
    this.wallMs -= ms
  }
}
