/** From the beginning of the first of many things to the end of the last. */
export class Span {
  #from: number | undefined
  #to = 0

  get ms(): number {
    return this.#to - (this.#from ?? Number.NaN)
  }

  begun(): void {
    this.#from ??= performance.now()
  }

  ended(): void {
    this.#to = performance.now()
  }

  async around<Result>(work: Promise<Result>): Promise<Result> {
    this.begun()
    try {
      return await work
    } finally {
      this.ended()
    }
  }
}
