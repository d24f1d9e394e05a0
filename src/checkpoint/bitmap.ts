// Bit k is of byte k >> 3 and has the value 1 << (k & 7), as `Checkpoint.beyond` is stored.

/** Whether bit `position` is set; one behind the end is not. */
export function hasBit(bitmap: Uint8Array, position: number): boolean {
  return ((bitmap[position >> 3] ?? 0) & (1 << (position & 7))) !== 0
}

/** The position of the highest bit that is set; -1 when none is. */
export function highestBit(bitmap: Uint8Array): number {
  let index = bitmap.length - 1
  while (index >= 0 && bitmap[index] === 0) index -= 1
  return index < 0 ? -1 : index * 8 + 31 - Math.clz32(bitmap[index] ?? 0)
}

/** How many bits are set. */
export function countBits(bitmap: Uint8Array): number {
  let count = 0
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) count += 1
  return count
}
