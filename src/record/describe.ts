const longest = 60

/**
 * What was given, for the message of an error. Containers are named and never shown: they hold customers' data. It asks
 * nothing of the value, so that no value can make it throw.
 */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

/** A text that came from outside, cut to a length fit for a message. */
export function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
