import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock, systemLogger, systemRandom } from '../../src/internal/system.ts'

afterEach(() => void vi.restoreAllMocks())

describe('the logger of the machine', () => {
  test('writes one JSON line a message, with errors and big numbers told in full', () => {
    const lines: string[] = []
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line))
    const error = Object.assign(new TypeError('no', { cause: new Error('below') }), { code: 'X' })
    systemLogger.error('failed', { error, size: 10n })
    systemLogger.warn('odd')
    systemLogger.info('fine')
    systemLogger.debug('detail')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'error',
        message: 'failed',
        size: '10',
        error: { name: 'TypeError', code: 'X', cause: { message: 'below' } },
      },
      { level: 'warn', message: 'odd' },
      { level: 'info', message: 'fine' },
      { level: 'debug', message: 'detail' },
    ])
  })

  test('does not fail on what has no JSON', () => {
    const lines: string[] = []
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
    const loop: { self?: unknown } = {}
    loop.self = loop
    systemLogger.warn('round and round', { loop })
    expect(lines).toEqual([expect.stringContaining('round and round')])
  })
})

describe('the clock of the machine', () => {
  test('sleeps, wakes early when its signal aborts, and takes back what was scheduled', async () => {
    const startedAt = systemClock.monotonic()
    await systemClock.sleep(5)
    expect(systemClock.monotonic()).toBeGreaterThan(startedAt)
    const controller = new AbortController()
    const asleep = systemClock.sleep(60_000, controller.signal)
    controller.abort()
    await asleep
    await systemClock.sleep(60_000, controller.signal)
    let called = false
    systemClock.schedule(1, () => (called = true))()
    await systemClock.sleep(5)
    expect(called).toBe(false)
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000)
  })
})

test('the randomness of the machine gives numbers below one and ids of 32 hex digits', () => {
  expect(systemRandom.next()).toBeLessThan(1)
  expect(systemRandom.id()).toMatch(/^[0-9a-f]{32}$/)
  expect(systemRandom.id()).not.toBe(systemRandom.id())
})
