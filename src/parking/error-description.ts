/** An error in words: what is kept of it when the record it stopped is stored. */
export interface ErrorDescription {
  readonly name: string
  readonly message: string
  readonly stack?: string
  /** The error's code where it has one: a Tidemark code, Node's (`ECONNRESET`), a driver's. */
  readonly code?: string
  /** What led to it: its `cause`, the cause of that, and so on, at most five. */
  readonly causes: readonly CauseDescription[]
}

/** One link of the chain of causes. */
export type CauseDescription = Omit<ErrorDescription, 'causes'>

// Some errors carry whole responses in their texts, and each of these is stored with every record that fails. Without its
// stacks a description fits into a message of 256 KB whatever is in it.
const longestText = { name: 200, message: 4_000, stack: 8_000, code: 200 } as const
const longestChain = 5

type Field = keyof typeof longestText
const fields = ['name', 'message', 'stack', 'code'] as const

/** Describes whatever was thrown. Total: any value is an answer, and it never throws. */
export function describeError(error: unknown): ErrorDescription {
  const chain = [error, ...causesOf(error)].map(describeOne)
  const [first = describeOne(error), ...causes] = chain
  return { ...first, causes }
}

function causesOf(error: unknown): unknown[] {
  const seen = new Set<unknown>([error])
  for (
    let cause = read(error, 'cause');
    cause !== undefined && seen.size <= longestChain;
    cause = read(cause, 'cause')
  ) {
    if (seen.has(cause)) break // a cause that is its own
    seen.add(cause)
  }
  return [...seen].slice(1)
}

function describeOne(error: unknown): CauseDescription {
  const [name, message, stack, code] = fields.map((field) => textOf(error, field))
  const { length } = [name, message].filter((text) => text !== undefined)
  // Anything can be thrown: a text, a number, an object that is no error.
  if (length === 0) return { name: typeof error, message: shorten(printed(error), longestText.message) }
  return {
    name: name ?? 'Error',
    message: message ?? '',
    ...(stack === undefined ? {} : { stack }),
    ...(code === undefined ? {} : { code }),
  }
}

function textOf(error: unknown, field: Field): string | undefined {
  const value = read(error, field)
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? shorten(value, longestText[field]) : undefined
}

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** A field of anything, `undefined` where reading it throws. */
function read(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return (value as { readonly [field: string]: unknown })[field]
  } catch {
    return undefined
  }
}

function printed(value: unknown): string {
  try {
    return (typeof value === 'object' ? JSON.stringify(value) : undefined) ?? String(value)
  } catch {
    return 'something that has no text'
  }
}
