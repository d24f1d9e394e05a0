import type { AttributeValue } from '../item.ts'

/** Hashes of partition keys are whole numbers from 0 up to this, exclusive. */
export const hashSpace: number = 2 ** 32

/** Where a partition key lies among the ranges of a stream's shards. One value always hashes to one place. */
export function hashOfKey(value: AttributeValue): number {
  if ('S' in value) return mix(fnv(value.S, 0x53))
  if ('N' in value) return mix(fnv(value.N, 0x4e))
  if ('B' in value) return mix(value.B.reduce(step, seedOf(0x42)))
  throw new TypeError('A partition key is a string, a number or binary')
}

/** The 32-bit FNV-1a hash of a text's UTF-16 units, with a salt. */
export function fnv(text: string, salt: number): number {
  let hash = seedOf(salt)
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    hash = step(step(hash, unit & 0xff), unit >>> 8)
  }
  return hash >>> 0
}

function seedOf(salt: number): number {
  return step(0x811c9dc5, salt)
}

function step(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193)
}

// FNV leaves the upper bits of short, similar keys alike, and ranges divide by the upper bits.
function mix(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35)
  return (second ^ (second >>> 16)) >>> 0
}
