import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { inspect } from 'node:util'
import type { Logger, LogFields } from '../telemetry/log.ts'
import type { Clock, Random } from './clock.ts'
import { sleepBy } from './sleep-by.ts'

// The one file that reaches the machine's own time, timers, randomness and console; the linter keeps them out of every other.

// Node fires a longer timeout at once; nobody here waits for 24 days.
const longestTimeoutMs = 2 ** 31 - 1

function schedule(ms: number, callback: () => void): () => void {
  if (ms <= 0) return inNextTurn(callback)
  const timer = setTimeout(callback, Math.min(ms, longestTimeoutMs))
  return () => clearTimeout(timer)
}

/** A timer takes a millisecond at least: half of what a near database needs for a commit. */
function inNextTurn(callback: () => void): () => void {
  const immediate = setImmediate(callback)
  return () => clearImmediate(immediate)
}

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: sleepBy(schedule),
  schedule,
}

/** The machine's randomness. */
export const systemRandom: Random = {
  next: () => Math.random(),
  id: () => randomBytes(16).toString('hex'),
}

/** Where this process runs, for people: host name and process id. */
export function systemHost(): string {
  return `${hostname()}/${process.pid}`
}

/** One JSON line a message on the console, which is what Lambda's log groups and most collectors parse. */
export const systemLogger: Logger = {
  debug: (message, fields) => console.debug(jsonLine('debug', message, fields)),
  info: (message, fields) => console.info(jsonLine('info', message, fields)),
  warn: (message, fields) => console.warn(jsonLine('warn', message, fields)),
  error: (message, fields) => console.error(jsonLine('error', message, fields)),
}

function jsonLine(level: string, message: string, fields: LogFields = {}): string {
  try {
    return JSON.stringify({ level, message, ...fields }, (_name, value: unknown) => plain(value))
  } catch {
    return inspect({ level, message, ...fields }, { breakLength: Infinity }) // cyclic fields have no JSON
  }
}

// An Error has no enumerable fields and a bigint no JSON: both would be lost or throw.
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { ...value, name, message, stack, cause }
}
