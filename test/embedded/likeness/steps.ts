import fc from 'fast-check'
import type { Step } from '../both.ts'
import { assemble, condition, maybeSpoiled, type Parts, projection, update } from './expressions.ts'
import { type IndexShape, type KeyPart, keyParts, tables, type TableShape } from './tables.ts'
import { itemOf, keyOf, keyValue, seldom, type Value } from './values.ts'

type Arbitrary<T> = fc.Arbitrary<T>

const maybe = <T>(arbitrary: Arbitrary<T>, weight = 1): Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

/** Without the fields that were not chosen. */
function fields(chosen: { readonly [name: string]: Arbitrary<unknown> }): Arbitrary<object> {
  return fc
    .record(chosen)
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, field]) => field !== undefined)))
}

const anyTable = fc.constantFrom(...Object.values(tables))
const namedTable = seldom(anyTable, fc.constant<TableShape>({ ...tables.plain, name: 'missing' as 'plain' }), 60)
const returnsOnFailure = maybe(fc.constantFrom('ALL_OLD', 'NONE'))
const capacity = maybe(fc.constantFrom('TOTAL', 'INDEXES'), 5)

function step(operation: Step['operation'], ...inputs: readonly Arbitrary<object>[]): Arbitrary<Step> {
  return fc.tuple(...inputs).map((parts): Step => ({ operation, input: Object.assign({}, ...parts) as object }))
}

function withExpressions(expressions: { readonly [field: string]: Arbitrary<Parts | undefined> }): Arbitrary<object> {
  return maybeSpoiled(fc.record(expressions).map(assemble))
}

// Reads of single items know names only.
function projected(expressions: { readonly [field: string]: Arbitrary<Parts | undefined> }): Arbitrary<object> {
  return fc.record(expressions).map(assemble)
}

const returnValues = (usual: readonly string[]) =>
  maybe(seldom(fc.constantFrom(...usual), fc.constantFrom('ALL_NEW', 'UPDATED_OLD', 'SOME'), 25))

const put = namedTable.chain((table) =>
  step(
    'PutItem',
    fields({ TableName: fc.constant(table.name), Item: itemOf(table), ReturnConsumedCapacity: capacity }),
    fields({ ReturnValues: returnValues(['ALL_OLD', 'NONE']), ReturnValuesOnConditionCheckFailure: returnsOnFailure }),
    withExpressions({ ConditionExpression: maybe(condition, 2) }),
  ),
)

const updates = namedTable.chain((table) =>
  step(
    'UpdateItem',
    fields({ TableName: fc.constant(table.name), Key: keyOf(table), ReturnConsumedCapacity: capacity }),
    fields({
      ReturnValues: returnValues(['ALL_OLD', 'NONE', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW']),
      ReturnValuesOnConditionCheckFailure: returnsOnFailure,
    }),
    withExpressions({
      UpdateExpression: seldom<Parts | undefined>(update, fc.constant(undefined), 20),
      ConditionExpression: maybe(condition, 3),
    }),
  ),
)

const remove = namedTable.chain((table) =>
  step(
    'DeleteItem',
    fields({ TableName: fc.constant(table.name), Key: keyOf(table), ReturnConsumedCapacity: capacity }),
    fields({ ReturnValues: returnValues(['ALL_OLD', 'NONE']), ReturnValuesOnConditionCheckFailure: returnsOnFailure }),
    withExpressions({ ConditionExpression: maybe(condition, 2) }),
  ),
)

const consistent = maybe(fc.boolean(), 4)

const get = namedTable.chain((table) =>
  step(
    'GetItem',
    fields({ TableName: fc.constant(table.name), Key: keyOf(table), ConsistentRead: consistent }),
    fields({ ReturnConsumedCapacity: capacity }),
    projected({ ProjectionExpression: maybe(projection, 2) }),
  ),
)

function keyCondition({ hash, range }: Pick<IndexShape, 'hash' | 'range'>): Arbitrary<Parts> {
  const own = keyValue(hash).map((value): Parts => [hash.name, ' = ', { value }])
  if (range === undefined) return own
  return fc
    .tuple(own, maybe(rangeCondition(range)))
    .map(([first, second]): Parts => [...first, ...(second === undefined ? [] : [' AND ', ...second])])
}

function rangeCondition(range: KeyPart): Arbitrary<Parts> {
  const { name } = range
  const one = keyValue(range)
  const compared = fc
    .tuple(fc.constantFrom(' = ', ' < ', ' <= ', ' > ', ' >= '), one)
    .map(([operator, value]): Parts => [name, operator, { value }])
  const between = fc
    .tuple(one, one)
    .map(([low, high]): Parts => [name, ' BETWEEN ', { value: low }, ' AND ', { value: high }])
  const begins = one.map((value): Parts => ['begins_with(', name, ', ', { value }, ')'])
  return range.type === 'N' ? seldom(fc.oneof(compared, between), begins, 10) : fc.oneof(compared, between, begins)
}

type Reach = { readonly table: TableShape; readonly index: IndexShape | undefined }

const reach: Arbitrary<Reach> = namedTable.chain((table) =>
  table.indexes.length === 0
    ? fc.constant({ table, index: undefined })
    : maybe(fc.constantFrom(...table.indexes)).map((index) => ({ table, index })),
)

// The key to start after: of the table, and of the index where one is read.
function startKey({ table, index }: Reach): Arbitrary<object> {
  const extra = index === undefined ? [] : keyParts(index)
  const names = Object.fromEntries(extra.map((part): [string, Arbitrary<Value>] => [part.name, keyValue(part)]))
  return fc.tuple(fc.record(names), keyOf(table)).map(([ofIndex, ofTable]) => ({ ...ofIndex, ...ofTable }))
}

function reading(from: Reach): Arbitrary<object> {
  return fields({
    TableName: fc.constant(from.table.name),
    IndexName: seldom<string | undefined>(fc.constant(from.index?.name), fc.constant('none'), 60),
    Limit: maybe(seldom(fc.integer({ min: 1, max: 3 }), fc.constant(0))),
    ConsistentRead: consistent,
    Select: maybe(fc.constantFrom('COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'SPECIFIC_ATTRIBUTES'), 5),
    ReturnConsumedCapacity: capacity,
  })
}

const query = reach.chain((from) =>
  step(
    'Query',
    reading(from),
    fields({ ScanIndexForward: maybe(fc.boolean()), ExclusiveStartKey: maybe(startKey(from), 8) }),
    withExpressions({
      KeyConditionExpression: keyCondition(from.index ?? from.table),
      FilterExpression: maybe(condition, 3),
      ProjectionExpression: maybe(projection, 6),
    }),
  ),
)

const scan = reach.chain((from) =>
  step(
    'Scan',
    reading(from),
    withExpressions({ FilterExpression: maybe(condition, 2), ProjectionExpression: maybe(projection, 5) }),
  ),
)

const batchGet = fc
  .uniqueArray(namedTable, { minLength: 1, maxLength: 2, selector: ({ name }) => name })
  .chain((some) =>
    fc.record(
      Object.fromEntries(
        some.map((table) => [
          table.name,
          fc
            .tuple(
              fields({ Keys: fc.array(keyOf(table), { minLength: 1, maxLength: 3 }), ConsistentRead: consistent }),
              projected({ ProjectionExpression: maybe(projection, 3) }),
            )
            .map(([first, second]) => ({ ...first, ...second })),
        ]),
      ),
    ),
  )
  .map((RequestItems): Step => ({ operation: 'BatchGetItem', input: { RequestItems } }))

const batchWrite = fc
  .uniqueArray(namedTable, { minLength: 1, maxLength: 2, selector: ({ name }) => name })
  .chain((some) =>
    fc.record(
      Object.fromEntries(
        some.map((table) => {
          const write = fc.oneof<Arbitrary<object>[]>(
            itemOf(table).map((Item) => ({ PutRequest: { Item } })),
            keyOf(table).map((Key) => ({ DeleteRequest: { Key } })),
          )
          return [table.name, fc.array(write, { minLength: 1, maxLength: 3 })]
        }),
      ),
    ),
  )
  .map((RequestItems): Step => ({ operation: 'BatchWriteItem', input: { RequestItems } }))

const action: Arbitrary<object> = namedTable.chain((table) => {
  const about = { TableName: fc.constant(table.name), ReturnValuesOnConditionCheckFailure: returnsOnFailure }
  const of = (name: string, ...parts: readonly Arbitrary<object>[]) =>
    fc.tuple(...parts).map((all) => ({ [name]: Object.assign({}, ...all) as object }))
  const guarded = withExpressions({ ConditionExpression: maybe(condition, 2) })
  const keyed = fields({ ...about, Key: keyOf(table) })
  return fc.oneof(
    { weight: 3, arbitrary: of('Put', fields({ ...about, Item: itemOf(table) }), guarded) },
    { weight: 1, arbitrary: of('Delete', keyed, guarded) },
    {
      weight: 3,
      arbitrary: of(
        'Update',
        keyed,
        withExpressions({ UpdateExpression: update, ConditionExpression: maybe(condition, 2) }),
      ),
    },
    { weight: 1, arbitrary: of('ConditionCheck', keyed, withExpressions({ ConditionExpression: condition })) },
  )
})

const transactWrite = step(
  'TransactWriteItems',
  fields({
    TransactItems: fc.array(action, { minLength: 1, maxLength: 3 }),
    ClientRequestToken: maybe(fc.constantFrom('one', 'two'), 6),
  }),
)

const transactGet = step(
  'TransactGetItems',
  fields({
    TransactItems: fc.array(
      namedTable.chain((table) =>
        fc
          .tuple(
            fields({ TableName: fc.constant(table.name), Key: keyOf(table) }),
            projected({ ProjectionExpression: maybe(projection, 2) }),
          )
          .map(([first, second]) => ({ Get: { ...first, ...second } })),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
)

/** Writes more often than reads: there has to be something to read. */
const anyStep: Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: put },
  { weight: 8, arbitrary: updates },
  { weight: 2, arbitrary: remove },
  { weight: 2, arbitrary: get },
  { weight: 4, arbitrary: query },
  { weight: 2, arbitrary: scan },
  { weight: 1, arbitrary: batchGet },
  { weight: 2, arbitrary: batchWrite },
  { weight: 3, arbitrary: transactWrite },
  { weight: 1, arbitrary: transactGet },
)

export const program: Arbitrary<Step[]> = fc.array(anyStep, { minLength: 1, maxLength: 25, size: 'max' })
