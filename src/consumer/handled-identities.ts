import type { Completed } from './batch-setting.ts'
import type { FlowPage } from './flow-page.ts'

interface Handled {
  readonly page: FlowPage
  /** Resolves with `next` when its mark is durable. */
  readonly settled: Promise<Completed>
  /** The last page that was opened before it was durable; absent as long as it is not. */
  lastOpened: number | undefined
}

/**
 * What the pages of a flow have handled and other pages, open at the same time, do not know: a page asks the ledger once,
 * when it is opened, and two records of one message may stand in two pages.
 *
 *     handled ── mark durable ──▶ kept until every page that was opened before is closed ──▶ forgotten: the ledger knows it
 *        └────── mark failed ───▶ forgotten at once
 */
export class HandledIdentities {
  readonly #handled = new Map<string, Handled>()
  // In the order in which they became durable, so that `lastOpened` rises.
  readonly #durable: string[] = []
  readonly #open = new Set<number>()
  #openedCount = 0

  /** A page is about to ask the ledger. @returns its number, for `closed`. */
  opening(): number {
    this.#openedCount += 1
    this.#open.add(this.#openedCount)
    return this.#openedCount
  }

  /** A page has nothing left to work, or could not be opened. */
  closed(page: number): void {
    this.#open.delete(page)
    const [oldest = Infinity] = this.#open // numbers rise, and a set keeps their order
    const isKept = (key: string) => (this.#handled.get(key)?.lastOpened ?? Infinity) >= oldest
    const keptFrom = this.#durable.findIndex(isKept)
    for (const key of this.#durable.splice(0, keptFrom < 0 ? this.#durable.length : keptFrom)) this.#handled.delete(key)
  }

  /** A handler of the page succeeded, and its mark is on its way. */
  add(key: string, page: FlowPage, settled: Promise<Completed>): void {
    const handled: Handled = { page, settled, lastOpened: undefined }
    this.#handled.set(key, handled)
    void settled.then((step) => {
      if (step !== 'next') return void this.#handled.delete(key)
      handled.lastOpened = this.#openedCount
      this.#durable.push(key)
    })
  }

  /** How it went with what another page has handled of this identity; `undefined` when none has. */
  elsewhere(key: string, page: FlowPage): Promise<Completed> | undefined {
    const handled = this.#handled.get(key)
    if (handled === undefined || handled.page === page) return undefined
    // Nobody else sends its mark as long as the chunk that it waits in is not full.
    if (handled.lastOpened === undefined) void handled.page.flush()
    return handled.settled
  }
}
