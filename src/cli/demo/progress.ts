import { systemClock } from '../../internal/system.ts'

/** Shows a line that changes: in place on a terminal, as a new line every two seconds where the output is piped. */
export function showProgress(line: () => string): () => void {
  const { isTTY } = process.stdout
  const startedAt = systemClock.monotonic()
  const show = () => {
    const seconds = ((systemClock.monotonic() - startedAt) / 1_000).toFixed(0).padStart(2)
    const text = `${seconds} s  ${line()}`
    if (isTTY) process.stdout.write(`\r${text.slice(0, (process.stdout.columns || 80) - 1)}\u001b[K`)
    else console.log(text)
  }
  const timer = setInterval(show, isTTY ? 200 : 2_000)
  return () => {
    clearInterval(timer)
    show()
    if (isTTY) process.stdout.write('\n')
  }
}
