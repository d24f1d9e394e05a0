import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { meter, type MeterableClient } from '../../testing/capacity-meter.ts'
import { linesOf } from './mailbox.ts'

/** What the ledger cost. */
export interface Cost {
  readonly requests: number
  readonly readUnits: number
  readonly writeUnits: number
}

const fileOf = (folder: string) => join(folder, 'ledger.usage')

/** Meters a client into a file after each request: the processes that use it don't live to tell. */
export function meteredToFile<Client extends MeterableClient>(client: Client, folder: string): Client {
  const metered = meter(client)
  const send = async (command: object) => {
    try {
      return await metered.client.send(command)
    } finally {
      const { requests, readUnits, writeUnits } = metered.usage()
      metered.reset()
      appendFileSync(fileOf(folder), `${JSON.stringify({ requests, readUnits, writeUnits })}\n`)
    }
  }
  return new Proxy(client, { get: (target, name): unknown => (name === 'send' ? send : Reflect.get(target, name)) })
}

/** What all processes used together. */
export function costOf(folder: string): Cost {
  const none: Cost = { requests: 0, readUnits: 0, writeUnits: 0 }
  return (linesOf(fileOf(folder)) as Cost[]).reduce(
    (sum, { requests, readUnits, writeUnits }) => ({
      requests: sum.requests + requests,
      readUnits: sum.readUnits + readUnits,
      writeUnits: sum.writeUnits + writeUnits,
    }),
    none,
  )
}
