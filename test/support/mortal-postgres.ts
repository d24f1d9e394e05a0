import type { PGlite, Transaction } from '@electric-sql/pglite'
import type pg from 'pg'
import { faultyPool } from './faulty-pool.ts'
import type { Mortal } from './mortal.ts'

/** The pool of a process that dies: every statement is a step before and a step after, and its connections die with it. */
export function mortalPool(pool: pg.Pool, process: Mortal): { connect(): Promise<pg.PoolClient> } {
  pool.on('connect', (client) => {
    const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
    void process.death.then(() => stream.destroy())
  })
  return faultyPool(pool, async (_text, _client, send) => {
    await process.step()
    const answer = await send()
    await process.step()
    return answer
  })
}

/** The same of a PGlite, which has one connection for all who use it: it rolls back what a dead process had begun. */
export function mortalPglite(pglite: PGlite, process: Mortal): Pick<PGlite, 'transaction'> {
  const died = process.death.then(() => Promise.reject(new Error('the process died')))
  died.catch(() => {})
  const stepping = (transaction: Transaction) =>
    new Proxy(transaction, {
      get(target, name) {
        if (name !== 'query') return Reflect.get(target, name, target) as unknown
        return async (text: string, values?: unknown[]) => {
          await process.step()
          const answer = await target.query(text, values)
          await process.step()
          return answer
        }
      },
    })
  return {
    async transaction(work) {
      await process.step()
      try {
        return await pglite.transaction((transaction) => Promise.race([work(stepping(transaction)), died]))
      } finally {
        await process.step() // also after what it did not live to see: it never returns then
      }
    },
  }
}
