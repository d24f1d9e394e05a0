import { systemClock } from '../internal/system.ts'

/** Something that takes a while. */
export interface Progress {
  /** How much is done. Of `total`, where that is known. */
  at(done: number, total?: number): void
  /** It is over: the line goes. */
  end(): void
}

const redrawMs = 100
const lineMs = 5_000
const barWidth = 24

/**
 * Shows how far work has come: a bar that is drawn over on a terminal, a line every five seconds elsewhere. On the standard
 * error, for the standard output belongs to the result.
 */
export function showProgress(what: string): Progress {
  const { isTTY } = process.stderr
  const startedAt = systemClock.monotonic()
  let shownAt = isTTY ? -Infinity : startedAt
  return {
    at(done, total) {
      const now = systemClock.monotonic()
      if (now - shownAt < (isTTY ? redrawMs : lineMs)) return
      shownAt = now
      const text = progressText(what, done, total, (now - startedAt) / 1_000)
      process.stderr.write(isTTY ? `\r${text.slice(0, (process.stderr.columns || 80) - 1)}\u001B[K` : `${text}\n`)
    },
    end() {
      if (isTTY && shownAt > startedAt) process.stderr.write('\r\u001B[K')
    },
  }
}

function progressText(what: string, done: number, total: number | undefined, seconds: number): string {
  const perSecond = seconds < 1 ? '' : `, ${Math.round(done / seconds).toLocaleString('en-US')}/s`
  const count = done.toLocaleString('en-US')
  if (total === undefined) return `${what} ${count}${perSecond}`
  const filled = Math.floor((barWidth * done) / Math.max(1, total))
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`
  return `${what} ${bar} ${count} of ${total.toLocaleString('en-US')}${perSecond}`
}
