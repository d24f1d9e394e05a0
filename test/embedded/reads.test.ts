import { describe, expect, test } from 'vitest'
import type { Database } from '../../src/embedded/database.ts'
import { withTables } from './new-database.ts'

interface Page {
  readonly Items?: readonly { readonly sk?: { readonly N: string }; readonly pk?: { readonly S: string } }[]
  readonly Count: number
  readonly ScannedCount: number
  readonly LastEvaluatedKey?: object
}

function read(database: Database, operation: 'Query' | 'Scan', input: object): Page {
  return database.execute(operation, { TableName: 'events', ...input }) as Page
}

function numbers({ Items = [] }: Page): (string | undefined)[] {
  return Items.map((item) => item.sk?.N)
}

function withEvents(): Database {
  const { database } = withTables()
  for (const sk of ['10', '-1', '2', '1.5', '9'])
    database.execute('PutItem', {
      TableName: 'events',
      Item: { pk: { S: 'a' }, sk: { N: sk }, kind: { S: 'k' }, title: { S: `title ${sk}` } },
    })
  return database
}

const ofA = { KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': { S: 'a' } } }

describe('Query', () => {
  test('sorts by the range key, forwards and backwards', () => {
    const database = withEvents()
    expect(numbers(read(database, 'Query', ofA))).toEqual(['-1', '1.5', '2', '9', '10'])
    expect(numbers(read(database, 'Query', { ...ofA, ScanIndexForward: false }))).toEqual(['10', '9', '2', '1.5', '-1'])
  })

  test('reads a range of it', () => {
    const values = { ':a': { S: 'a' }, ':low': { N: '1.5' }, ':high': { N: '9' } }
    const query = (condition: string, names: readonly (keyof typeof values)[]) =>
      numbers(
        read(withEvents(), 'Query', {
          KeyConditionExpression: `pk = :a AND ${condition}`,
          ExpressionAttributeValues: Object.fromEntries([':a' as const, ...names].map((name) => [name, values[name]])),
        }),
      )
    expect(query('sk BETWEEN :low AND :high', [':low', ':high'])).toEqual(['1.5', '2', '9'])
    expect(query('sk > :low', [':low'])).toEqual(['2', '9', '10'])
    expect(query('sk <= :low', [':low'])).toEqual(['-1', '1.5'])
    expect(query('sk = :low', [':low'])).toEqual(['1.5'])
  })

  test.each([true, false])('goes on after its pages (forwards: %s)', (ScanIndexForward) => {
    const database = withEvents()
    const all = numbers(read(database, 'Query', { ...ofA, ScanIndexForward }))
    const paged: (string | undefined)[] = []
    let start: object = {}
    for (let pages = 0; pages < 10; pages += 1) {
      const page = read(database, 'Query', { ...ofA, ScanIndexForward, Limit: 2, ...start })
      paged.push(...numbers(page))
      if (page.LastEvaluatedKey === undefined) break
      start = { ExclusiveStartKey: page.LastEvaluatedKey }
    }
    expect(paged).toEqual(all)
  })

  test('a filter takes items out after the limit has counted them', () => {
    const page = read(withEvents(), 'Query', {
      KeyConditionExpression: 'pk = :a',
      FilterExpression: 'title = :t',
      ExpressionAttributeValues: { ':a': { S: 'a' }, ':t': { S: 'title 1.5' } },
      Limit: 2,
    })
    expect(page).toMatchObject({ Count: 1, ScannedCount: 2, LastEvaluatedKey: { pk: { S: 'a' }, sk: { N: '1.5' } } })
  })

  test('a filter of a query has to be about what the index holds', () => {
    const filtered = {
      IndexName: 'by-kind',
      FilterExpression: 'body = :k',
      ExpressionAttributeValues: { ':k': { S: 'k' } },
    }
    expect(() => read(withEvents(), 'Query', { ...filtered, KeyConditionExpression: 'kind = :k' })).toThrow(
      'Secondary index by-kind does not project one or more filter attributes: [body]',
    )
    expect(read(withEvents(), 'Scan', filtered)).toMatchObject({ Count: 0, ScannedCount: 5 })
  })

  test.each([
    ['by-title', 'pk = :a AND begins_with(title, :empty)', 'IndexName: by-title, IndexKey: title'],
    ['by-kind', 'kind = :empty', 'IndexName: by-kind, IndexKey: kind'],
    ['by-title', 'pk = :empty', 'IndexName: by-title, IndexKey: pk'],
  ])('no key of %s can be empty in %s', (IndexName, KeyConditionExpression, message) => {
    const values = { ':empty': { S: '' }, ...(KeyConditionExpression.includes(':a') ? { ':a': { S: 'a' } } : {}) }
    const input = { IndexName, KeyConditionExpression, ExpressionAttributeValues: values }
    expect(() => read(withEvents(), 'Query', input)).toThrow(message)
  })

  test('a page ends after a megabyte', () => {
    const { database } = withTables()
    for (const sk of ['1', '2', '3', '4'])
      database.execute('PutItem', {
        TableName: 'events',
        Item: { pk: { S: 'a' }, sk: { N: sk }, body: { S: 'x'.repeat(390_000) } },
      })
    const page = read(database, 'Query', { ...ofA, Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' })
    expect(page).toEqual({
      Count: 3,
      ScannedCount: 3,
      LastEvaluatedKey: { pk: { S: 'a' }, sk: { N: '3' } },
      ConsumedCapacity: { TableName: 'events', CapacityUnits: 143 },
    })
  })

  test('reads an index, by its own key and position', () => {
    const database = withEvents()
    const ofKind = {
      IndexName: 'by-kind',
      KeyConditionExpression: 'kind = :k',
      ExpressionAttributeValues: { ':k': { S: 'k' } },
    }
    const page = read(database, 'Query', { ...ofKind, Limit: 1 })
    expect(page).toEqual({
      Items: [{ pk: { S: 'a' }, sk: { N: '-1' }, kind: { S: 'k' } }],
      Count: 1,
      ScannedCount: 1,
      LastEvaluatedKey: { pk: { S: 'a' }, sk: { N: '-1' }, kind: { S: 'k' } },
    })
    expect(numbers(read(database, 'Query', { ...ofKind, ExclusiveStartKey: page.LastEvaluatedKey }))).toEqual([
      '1.5',
      '2',
      '9',
      '10',
    ])
    expect(() => read(database, 'Query', { ...ofKind, ConsistentRead: true })).toThrow(
      'Consistent reads are not supported on global secondary indexes',
    )
    expect(numbers(read(database, 'Query', { ...ofA, IndexName: 'by-title', ConsistentRead: true }))).toEqual([
      '-1',
      '1.5',
      '10',
      '2',
      '9',
    ])
  })

  test('items with equal index keys are all there and move with their table', () => {
    const { database } = withTables()
    const put = (pk: string, kind: string) =>
      database.execute('PutItem', { TableName: 'events', Item: { pk: { S: pk }, sk: { N: '1' }, kind: { S: kind } } })
    for (const pk of ['a', 'b', 'c']) put(pk, 'k')
    put('b', 'other')
    database.execute('DeleteItem', { TableName: 'events', Key: { pk: { S: 'c' }, sk: { N: '1' } } })
    put('d', 'k')
    const found = read(database, 'Query', {
      IndexName: 'by-kind',
      KeyConditionExpression: 'kind = :k',
      ExpressionAttributeValues: { ':k': { S: 'k' } },
    })
    expect(found.Items?.map((item) => item.pk?.S).toSorted()).toEqual(['a', 'd'])
  })

  test.each([
    ['of another hash', { pk: { S: 'b' }, sk: { N: '1' } }, 'The provided starting key is outside query boundaries'],
    ['without a range', { pk: { S: 'a' } }, 'The provided starting key is invalid'],
    [
      'of another type',
      { pk: { S: 'a' }, sk: { S: '1' } },
      'The provided starting key is invalid: The provided key element',
    ],
  ])('a start %s is refused', (_what, ExclusiveStartKey, message) => {
    expect(() => read(withEvents(), 'Query', { ...ofA, ExclusiveStartKey })).toThrow(message)
  })
})

describe('Scan', () => {
  const withMany = () => {
    const { database } = withTables()
    for (let index = 0; index < 200; index += 1)
      database.execute('PutItem', { TableName: 'events', Item: { pk: { S: `p${index % 50}` }, sk: { N: `${index}` } } })
    return database
  }

  const scanAll = (database: Database, input: object) => {
    const found: (string | undefined)[] = []
    let start: object = {}
    for (;;) {
      const page = read(database, 'Scan', { ...input, ...start })
      found.push(...numbers(page))
      if (page.LastEvaluatedKey === undefined) return found
      start = { ExclusiveStartKey: page.LastEvaluatedKey }
    }
  }

  test('pages meet every item once, in one order', () => {
    const database = withMany()
    const whole = scanAll(database, {})
    expect(scanAll(database, { Limit: 7 })).toEqual(whole)
    expect(new Set(whole).size).toBe(200)
  })

  test('segments share the items', () => {
    const database = withMany()
    const parts = [0, 1, 2].map((Segment) => scanAll(database, { Segment, TotalSegments: 3, Limit: 5 }))
    expect(parts.every((part) => part.length > 20)).toBe(true)
    expect(parts.flat().length).toBe(200)
    expect(new Set(parts.flat()).size).toBe(200)
    expect(() => read(database, 'Scan', { Segment: 3, TotalSegments: 3 })).toThrow(
      'Segment: 3 is not less than TotalSegments: 3',
    )
  })

  test('goes on where it was though its items are gone', () => {
    const database = withMany()
    const { LastEvaluatedKey, Items = [] } = read(database, 'Scan', { Limit: 100 })
    for (const item of Items) database.execute('DeleteItem', { TableName: 'events', Key: { pk: item.pk, sk: item.sk } })
    expect(read(database, 'Scan', { ExclusiveStartKey: LastEvaluatedKey })).toMatchObject({ Count: 100 })
    expect(read(database, 'Scan', { Select: 'COUNT' })).toEqual({ Count: 100, ScannedCount: 100 })
  })
})
