import type { Clock } from './clock.ts'

/** A clock's `sleep`, made of its `schedule`. */
export function sleepBy(schedule: Clock['schedule']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const wake = () => {
        cancel()
        // An aborted signal has dropped it already, and would look for it among all who wait, each time anew.
        if (signal?.aborted === false) signal.removeEventListener('abort', wake)
        resolve()
      }
      const cancel = schedule(ms, wake)
      signal?.addEventListener('abort', wake, { once: true })
    })
}
