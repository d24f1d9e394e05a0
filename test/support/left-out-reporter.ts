import { readdirSync } from 'node:fs'
import type { Reporter } from 'vitest/node'

/** Says at the end of a run what was not run and why, so that a green summary can't be taken for more than it is. */
export class LeftOutReporter implements Reporter {
  readonly #why: string
  readonly #files: RegExp
  readonly #remark: string | undefined

  /** @param files Which files under `test/` were left out. */
  constructor(why: string, files: RegExp, remark?: string) {
    this.#why = why
    this.#files = files
    this.#remark = remark
  }

  onTestRunEnd(): void {
    const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    const leftOut = files.filter((file) => this.#files.test(file))
    if (this.#remark !== undefined) console.warn(`\n${this.#remark}`)
    console.warn(`LEFT OUT, because ${this.#why}:`)
    for (const file of leftOut) console.warn(`  test/${file}`)
  }
}
