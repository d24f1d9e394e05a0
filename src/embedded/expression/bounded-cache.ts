/** Keeps what has been made of a text. When it is full, the oldest entry goes. */
export class BoundedCache<Value> {
  readonly #values = new Map<string, Value>()
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  get(text: string, make: (text: string) => Value): Value {
    const known = this.#values.get(text)
    if (known !== undefined) return known
    const value = make(text)
    this.#values.set(text, value)
    if (this.#values.size > this.#size) this.#dropOldest()
    return value
  }

  #dropOldest(): void {
    for (const text of this.#values.keys()) {
      this.#values.delete(text)
      return
    }
  }
}
