import type { Timing } from './timing.ts'

/** From the beginning of the first of many things to the end of the last. */
export class Span {
  #from: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined
  #to: Timing = { wallMs: Number.NaN, cpuMs: Number.NaN }

  get timing(): Timing {
    return this.#to
  }

  begun(): void {
    this.#from ??= { at: performance.now(), cpu: process.cpuUsage() }
  }

  ended(): void {
    if (this.#from === undefined) return
    const { user, system } = process.cpuUsage(this.#from.cpu)
    this.#to = { wallMs: performance.now() - this.#from.at, cpuMs: (user + system) / 1_000 }
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
