// Rendezvous hashing: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on
// Networking 6(1), 1998. Every member weighs every key by a hash of both; the key prefers its heaviest member. A member
// that comes or goes changes nothing about how the others weigh, so only its own keys move.

/** How much a key prefers a member, both as {@link hashOf} gives them: 32 bits, the same in every process. */
export function rendezvousWeight(keyHash: number, memberHash: number): number {
  // The finalizer of MurmurHash3: each bit of the input changes each bit of the output in half of all cases.
  let bits = Math.imul(keyHash, 0x9e3779b1) ^ memberHash
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** FNV-1a over UTF-16 code units: spreads names over 32 bits. Not against people who choose names to collide. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** The member that a key prefers; of equals the one that sorts first. `undefined` when there is none. */
export function rendezvousWinner(key: string, memberIds: Iterable<string>): string | undefined {
  const keyHash = hashOf(key)
  let winner: { readonly id: string; readonly weight: number } | undefined
  for (const id of memberIds) {
    const weight = rendezvousWeight(keyHash, hashOf(id))
    if (winner === undefined || weight > winner.weight || (weight === winner.weight && id < winner.id))
      winner = { id, weight }
  }
  return winner?.id
}
