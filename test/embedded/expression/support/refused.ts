import { expect } from 'vitest'

/** Expects the service's `ValidationException` with exactly this message. */
export function expectRefused(work: () => unknown, message: string): void {
  expect(work).toThrow(expect.objectContaining({ name: 'ValidationException', message }))
}
