import type { Clock } from '../../internal/clock.ts'

/** What a line says beside its words, for `--json`. */
export type LineFields = { readonly [name: string]: unknown }

/** Prints what happens: a line an event. */
export interface Printer {
  print(event: string, text: string, fields?: LineFields): void
}

/** Lines for people: the time of day, the event, words. No colour and no cursor, so that it is the same through a pipe. */
export function textPrinter(clock: Clock, write: (line: string) => void): Printer {
  return { print: (event, text) => write(`${timeOfDay(clock.now())} ${event.padEnd(9)} ${text}`) }
}

/** One JSON object a line, for programs. */
export function jsonPrinter(clock: Clock, write: (line: string) => void): Printer {
  return {
    print: (event, text, fields = {}) =>
      write(JSON.stringify({ at: new Date(clock.now()).toISOString(), event, text, ...fields }, plain)),
  }
}

function timeOfDay(at: number): string {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

// An Error has no enumerable fields and a bigint no JSON: both would be lost or throw.
function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const { name, message, code } = value as Error & { readonly code?: unknown }
  return { name, message, ...(typeof code === 'string' ? { code } : {}) }
}
