import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { pgDriver } from '../../../src/ledger/postgres/pg.ts'

/** A connection of which the server says only after it was given back that it has gone. */
class BrokenClient extends EventEmitter {
  isDestroyed = false
  query(text: string): Promise<unknown> {
    return text === 'BEGIN' ? Promise.resolve({ rows: [] }) : Promise.reject(new Error('the connection is lost'))
  }
  release(destroy = false): void {
    this.isDestroyed = destroy
  }
}

test('what the server says of a connection that was given back to be closed does not end the process', async () => {
  const client = new BrokenClient()
  const driver = pgDriver({ connect: () => Promise.resolve(client) })
  await expect(driver.transaction((scope) => scope.query('SELECT 1'))).rejects.toThrow('lost')
  expect(client.isDestroyed).toBe(true)
  // An event of this name that nobody hears is thrown.
  client.emit('error', new Error('terminating connection because of an unexpected postmaster exit'))
})
