// The stock of a shop, in PostgreSQL: each order takes its units out once, in the transaction that also notes it. An order
// for more than there is fails, and nothing of it is left; it is parked until somebody has filled the shelf.
//
// The database is PGlite, a PostgreSQL in this process, so that the example needs no server. With a server it is
// `postgresLedger({ pool: new pg.Pool() })`, and the handler stays as it is.
import { PGlite } from '@electric-sql/pglite'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer } from 'tidemark'
import { dynamodbParkingLot } from 'tidemark/dynamodb'
import { postgresLedger, postgresMigrations } from 'tidemark/postgres'
import { z } from 'zod'

const pglite = await PGlite.create()
for (const { sql } of postgresMigrations()) await pglite.exec(sql)
await pglite.exec(`
  CREATE TABLE stock (product text PRIMARY KEY, units integer NOT NULL CHECK (units >= 0));
  INSERT INTO stock VALUES ('mug', 100), ('lamp', 1)`)

const Order = z.object({ product: z.string().default('mug'), units: z.number().default(1) })

export default createConsumer({
  name: 'inventory',
  select: { eventName: ['INSERT'] },
  schema: { newImage: Order },
  ledger: postgresLedger({ pglite }),
  onFailure: 'park',
  parking: { lot: dynamodbParkingLot({ client: new DynamoDBClient(), tableName: 'tidemark' }) },
  handler: async ({ newImage: { product, units } }, { transaction }) => {
    const { rows } = await transaction.query<{ units: number }>(
      'UPDATE stock SET units = units - $2 WHERE product = $1 RETURNING units',
      [product, units],
    )
    if (rows[0] === undefined) throw new Error(`nobody sells '${product}'`)
    console.log(`${product}: ${rows[0].units} left`)
  },
})
