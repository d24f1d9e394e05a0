/** What happened in a run, in order. */
export class Trace {
  readonly #now: () => number
  readonly #lines: { readonly at: number; readonly actor: string; readonly what: string }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  note(actor: string, what: string): void {
    this.#lines.push({ at: this.#now(), actor, what })
  }

  /** Two runs of one seed must have one hash: it is of every line and every time. */
  get hash(): string {
    let [a, b] = [0x811c9dc5, 0x1b873593]
    for (const line of this.lines())
      for (let index = 0; index < line.length; index += 1) {
        a = Math.imul(a ^ line.charCodeAt(index), 0x01000193)
        b = Math.imul(b ^ line.charCodeAt(index), 0x85ebca6b) + a
      }
    return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
  }

  /** The timeline, for a person. */
  lines(): string[] {
    return this.#lines.map(
      ({ at, actor, what }) => `${(at / 1000).toFixed(4).padStart(10)} ${actor.padEnd(12)} ${what}`,
    )
  }
}
