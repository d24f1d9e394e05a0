import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { Contiguity } from './contiguity.ts'
import { changeOf } from './facts.ts'
import { parseEntry, type JournalEntry } from './journal.ts'

/** Reads journals while they grow, as an observer who sees effects when they take place. */
export class JournalReader {
  readonly entries: JournalEntry[] = []
  readonly contiguity = new Contiguity()
  readonly #files = new Map<string, GrowingFile>()
  readonly #done = new Set<string>()

  /** Changes that took effect as far as it has been read. */
  get doneCount(): number {
    return this.#done.size
  }

  add(path: string): void {
    this.#files.set(path, new GrowingFile(path))
  }

  /** Reads what has come since the last time. */
  look(): void {
    for (const file of this.#files.values())
      for (const line of file.newLines()) {
        const entry = parseEntry(line)
        this.entries.push(entry)
        if (entry.kind !== 'done') continue
        this.#done.add(changeOf(entry))
        this.contiguity.add(entry.key, entry.n)
      }
    this.contiguity.endLook()
  }
}

/** Whole lines of a file to which others append. */
class GrowingFile {
  readonly #path: string
  readonly #chunk = Buffer.alloc(1 << 16)
  #offset = 0
  #rest = ''

  constructor(path: string) {
    this.#path = path
  }

  newLines(): readonly string[] {
    if (!existsSync(this.#path)) return []
    const file = openSync(this.#path, 'r')
    try {
      let text = this.#rest
      for (
        let size;
        (size = readSync(file, this.#chunk, 0, this.#chunk.length, this.#offset)) > 0;
        this.#offset += size
      )
        text += this.#chunk.toString('latin1', 0, size)
      const lines = text.split('\n')
      this.#rest = lines.pop() ?? ''
      return lines
    } finally {
      closeSync(file)
    }
  }
}
