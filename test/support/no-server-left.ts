import { readFileSync, readdirSync } from 'node:fs'
import { randomUUID } from 'node:crypto'

const mark = 'TIDEMARK_TEST_RUN'

/** Fails the run when a DynamoDB Local that a test started outlives it. Looks into /proc, so on Linux only. */
export default function setup(): () => void {
  const run = randomUUID()
  process.env[mark] = run // inherited by the test processes and by the servers they start
  return () => {
    const left = process.platform === 'linux' ? serversOf(run) : []
    for (const pid of left) process.kill(pid, 'SIGKILL')
    if (left.length === 0) return
    process.exitCode = 1 // Vitest only prints what a teardown throws
    throw new Error(`tests left ${left.length} DynamoDB Local running (pids ${left.join(', ')})`)
  }
}

function serversOf(run: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => proc(pid, 'cmdline').includes('DynamoDBLocal') && proc(pid, 'environ').includes(`${mark}=${run}`))
    .map(Number)
}

function proc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it ended meanwhile, or is another user's
  }
}
