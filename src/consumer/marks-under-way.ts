import type { FlowPage } from './flow-page.ts'
import type { Work } from './work.ts'

/** Which lanes of a flow have gone on while a mark of theirs is under way: for each, the last one. */
export class MarksUnderWay {
  readonly #last = new Map<string, { readonly page: FlowPage; readonly work: Work }>()

  /** The record's handler has succeeded, and its lane goes on. */
  begun(work: Work, page: FlowPage): void {
    this.#last.set(work.laneKey, { page, work })
  }

  /** It is known what became of the record's mark. */
  ended(work: Work): void {
    if (this.#last.get(work.laneKey)?.work === work) this.#last.delete(work.laneKey)
  }

  /** The page whose session sends the lane's last mark; `undefined` when none is under way. */
  pageOf(laneKey: string): FlowPage | undefined {
    return this.#last.get(laneKey)?.page
  }
}
