import { isUint8Array } from 'node:util/types'

/** The bytes of a binary value in either of its forms, base64 or bytes; `undefined` when it is neither. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  // A copy, because Buffer's small ones are windows on a pool that `.buffer` would show to whoever holds the value.
  if (typeof value === 'string') return isBase64(value) ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
  return isUint8Array(value) ? value : undefined
}

/** The base64 text of a binary value: the same for its two forms; `undefined` when it is neither. */
export function base64Of(value: unknown): string | undefined {
  if (typeof value === 'string') return isBase64(value) ? value : undefined
  if (!isUint8Array(value)) return undefined
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
}

// Node skips what it can't read, so bytes would go missing in silence: only text that comes back the same is believed.
function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text
}
