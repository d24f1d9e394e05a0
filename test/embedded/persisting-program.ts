import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { thingsTable } from './new-database.ts'

// Writes items for ever, ten a turn, and says how many there are.

const embedded = createEmbeddedDynamoDB({ persistTo: process.argv[2] ?? '' })
embedded.execute('CreateTable', thingsTable)
for (let n = 0; ; n += 10) {
  for (let index = n; index < n + 10; index += 1)
    embedded.execute('PutItem', { TableName: 'things', Item: { pk: { S: `item-${index}` } } })
  process.send?.(n + 10)
  await new Promise((resolve) => setTimeout(resolve, 5))
}
