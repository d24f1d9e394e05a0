/** One value as DynamoDB keeps it. Values are never changed once they are made: an update makes new ones. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly Uint8Array[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item }

/** An item, or a map inside one. */
export type Item = { readonly [name: string]: AttributeValue }

/** What the key schema of a table or an index says. */
export interface KeySchema {
  readonly hash: string
  readonly range?: string
}

/** A change of one item, as a stream gets to know it. */
export interface ItemChange {
  readonly keys: Item
  readonly oldItem: Item | undefined
  readonly newItem: Item | undefined
  /** Epoch milliseconds. */
  readonly at: number
  /** Deleted by time to live, not by a client. */
  readonly byTimeToLive: boolean
}
