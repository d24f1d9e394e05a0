import type { ExactNumber } from './exact-number.ts'

/**
 * A value that can be written: all that a decoded record can hold, and what {@link ExactNumber} adds. `undefined` is refused
 * and not left out: whether an attribute is there is part of what is written.
 */
export type WritableValue =
  | string
  | number
  | bigint
  | ExactNumber
  | boolean
  | null
  | Uint8Array
  | readonly WritableValue[]
  | ReadonlySet<string>
  | ReadonlySet<number | bigint | ExactNumber>
  | ReadonlySet<Uint8Array>
  | { readonly [name: string]: WritableValue }

/** An item, or a part of one, to be written. */
export type WritableItem = { readonly [name: string]: WritableValue }
