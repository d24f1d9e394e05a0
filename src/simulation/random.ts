import type { Random } from '../internal/clock.ts'

/**
 * Randomness that a seed determines (xoshiro128**). Whoever draws gets a fork of its own: an extra draw in one place then
 * changes nothing anywhere else, and a failing seed stays the same failure while its parts are changed.
 */
export class SeededRandom implements Random {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: string) {
    this.#seed = seed
    const mix = splitmix(fnv(seed))
    this.#a = mix()
    this.#b = mix()
    this.#c = mix()
    this.#d = mix()
  }

  /** A generator that depends on this one's seed and the name, not on what has been drawn. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${name}`)
  }

  next(): number {
    return this.#bits() / 2 ** 32
  }

  id(): string {
    let id = ''
    for (let part = 0; part < 4; part += 1) id += this.#bits().toString(16).padStart(8, '0')
    return id
  }

  /** True with this probability. It draws even where there is nothing to decide, so that the next draw stays the same. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  pick<Choice>(choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.integer(0, choices.length - 1)] ?? choices[0]
  }

  #bits(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotate(this.#d, 11)
    return result >>> 0
  }
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}

/** Spreads one word over a generator's state: neighbouring seeds must not give neighbouring streams. */
function splitmix(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) | 0
    let bits = state ^ (state >>> 16)
    bits = Math.imul(bits, 0x21f0aaad)
    bits ^= bits >>> 15
    bits = Math.imul(bits, 0x735a2d97)
    return bits ^ (bits >>> 15)
  }
}
