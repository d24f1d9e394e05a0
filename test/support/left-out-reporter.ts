import { readdirSync } from 'node:fs'
import type { Reporter } from 'vitest/node'

/** Says at the end of a run what was not run and why, so that a green summary can't be taken for more than it is. */
export class LeftOutReporter implements Reporter {
  readonly #why: string

  constructor(why: string) {
    this.#why = why
  }

  onTestRunEnd(): void {
    const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    const leftOut = files.filter((file) => /\.dynamodb\.test\.ts$|^testing\/.*\.test\.ts$/.test(file))
    console.warn(`\nThe tests of stores (*.store.test.ts) ran on the embedded engine alone.`)
    console.warn(`LEFT OUT, because ${this.#why}:`)
    for (const file of leftOut) console.warn(`  test/${file}`)
  }
}
