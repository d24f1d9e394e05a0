import type pg from 'pg'

/** What happens to a statement: `send` sends it. */
export type StatementFault = (text: string, client: pg.PoolClient, send: () => Promise<unknown>) => unknown

/** A pool whose statements pass through `fault` in place of being sent. */
export function faultyPool(pool: pg.Pool, fault: StatementFault): { connect(): Promise<pg.PoolClient> } {
  return {
    async connect() {
      const client = await pool.connect()
      return new Proxy(client, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target)
          if (name !== 'query') return typeof value === 'function' ? (value.bind(target) as unknown) : value
          return (text: string, values?: unknown[]) => fault(text, target, () => target.query(text, values))
        },
      })
    },
  }
}
