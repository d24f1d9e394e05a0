import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Both, type Outcome, startBoth, type Step } from './both.ts'
import { eventsTable, thingsTable } from './new-database.ts'

let both: Both
let count = 0

beforeAll(async () => {
  both = await startBoth()
})
afterAll(() => both.stop())

const S = (text: string) => ({ S: text })
const N = (text: string) => ({ N: text })
const a = { pk: S('a') }
const counted = { ReturnConsumedCapacity: 'INDEXES' }

type Program = readonly (readonly [operation: Step['operation'], input: object])[]

// Each program has tables of its own. An input without a table's name is about `things`; `events` is named by the letter E.
const programs: { readonly [name: string]: Program } = {
  'put, get, delete': [
    [
      'PutItem',
      { Item: { ...a, n: N('007.10'), b: { B: Uint8Array.of(1) }, s: { SS: ['b', 'a'] }, z: { NULL: true } } },
    ],
    ['GetItem', { Key: a, ReturnConsumedCapacity: 'TOTAL' }],
    ['GetItem', { Key: a, ProjectionExpression: 's, n, none' }],
    ['PutItem', { Item: a, ReturnValues: 'ALL_OLD', ...counted }],
    ['DeleteItem', { Key: a, ReturnValues: 'ALL_OLD', ...counted }],
    ['GetItem', { Key: a }],
  ],
  'update with each kind of return values': ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'].flatMap(
    (ReturnValues): Program => [
      // Without an expression Local fails at UPDATED_NEW with an error of its own.
      ...(ReturnValues === 'UPDATED_NEW' ? [] : [['UpdateItem', { Key: S_(ReturnValues), ReturnValues }] as const]),
      ['UpdateItem', { Key: S_(ReturnValues), ReturnValues, ...set('x = :v, y = :v', S('1')) }],
      ['UpdateItem', { Key: S_(ReturnValues), ReturnValues, UpdateExpression: 'REMOVE y, none' }],
      [
        'UpdateItem',
        {
          Key: S_(ReturnValues),
          ReturnValues,
          UpdateExpression: 'ADD n :v',
          ExpressionAttributeValues: { ':v': N('5') },
        },
      ],
    ],
  ),
  'conditions that fail': [
    [
      'PutItem',
      { Item: a, ConditionExpression: 'attribute_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    ],
    ['PutItem', { Item: { ...a, n: N('1') } }],
    [
      'PutItem',
      { Item: a, ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    ],
    ['DeleteItem', { Key: a, ConditionExpression: 'n > :v', ExpressionAttributeValues: { ':v': N('1') } }],
    ['UpdateItem', { Key: a, ConditionExpression: 'n = :v', ...set('n = :v', N('9')) }],
    ['GetItem', { Key: a }],
  ],
  'requests that are refused': [
    ['PutItem', { Item: {} }],
    ['PutItem', { Item: { pk: N('1') } }],
    ['PutItem', { Item: { pk: S('') } }],
    ['PutItem', { Item: { ...a, x: { SS: [] } } }],
    ['PutItem', { Item: { ...a, x: { NS: ['1', '1.0'] } } }],
    ['PutItem', { Item: { ...a, x: N('1e126') } }],
    ['PutItem', { Item: { ...a, x: N('one') } }],
    ['PutItem', { Item: { ...a, x: S('x'.repeat(409_600)) } }],
    ['PutItem', { Item: a, ReturnValues: 'ALL_NEW' }],
    ['GetItem', { Key: { ...a, sk: N('1') } }],
    ['GetItem', { Key: { x: S('a') } }],
    ['UpdateItem', { Key: a, ...set('pk = :v', S('b')) }],
    ['UpdateItem', { Key: a, ...set('x.y = :v', S('b')) }],
    ['UpdateItem', { Key: a, ...set('x = :v', S('x'.repeat(409_600))) }],
    ['DeleteItem', { TableName: 'none', Key: a }],
    ['PutItem', { TableName: 'E', Item: { ...a, sk: N('1'), kind: N('1') } }],
    ['PutItem', { TableName: 'E', Item: { ...a, sk: N('1'), kind: S('') } }],
    ['CreateTable', { ...thingsTable, TableName: 'things' }],
    ['DescribeTable', { TableName: 'none' }],
  ],
  'queries of a table': [
    ...events('10', '-1', '2', '1.5', '9'),
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), ReturnConsumedCapacity: 'INDEXES' }],
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), ScanIndexForward: false, Limit: 2 }],
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), Limit: 5, Select: 'COUNT' }],
    [
      'Query',
      { TableName: 'E', ...of('pk = :v', S('a')), ExclusiveStartKey: { ...a, sk: N('1.7') }, ConsistentRead: true },
    ],
    ['Query', { TableName: 'E', ...of('pk = :v', S('none')) }],
    ['Query', { TableName: 'E', ...of('pk = :v AND sk > :w', S('a'), N('1.5')), ProjectionExpression: 'sk' }],
    ['Query', { TableName: 'E', ...of('pk = :v AND sk <= :w', S('a'), N('2')), ScanIndexForward: false }],
    ['Query', { TableName: 'E', ...of('pk = :v AND sk BETWEEN :w AND :w', S('a'), N('9.0')) }],
    ['Query', { TableName: 'E', ...of('pk = :v AND sk = :w', S('a'), S('9')) }],
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), FilterExpression: 'attribute_exists(sk)' }],
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), ExclusiveStartKey: { pk: S('b'), sk: N('1') } }],
  ],
  'queries of indexes': [
    ...events('10', '-1', '2'),
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), ReturnConsumedCapacity: 'INDEXES' }],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), Limit: 1, ScanIndexForward: false }],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), ConsistentRead: true }],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), Select: 'ALL_ATTRIBUTES' }],
    [
      'Query',
      {
        TableName: 'E',
        IndexName: 'by-title',
        ...of('pk = :v AND begins_with(title, :w)', S('a'), S('title')),
        ConsistentRead: true,
      },
    ],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), ProjectionExpression: 'sk , pk' }],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), ProjectionExpression: 'title.a[0]' }],
    ['Query', { TableName: 'E', IndexName: 'none', ...of('pk = :v', S('a')) }],
    ['UpdateItem', { TableName: 'E', Key: { ...a, sk: N('2') }, UpdateExpression: 'REMOVE kind', ...counted }],
    ['Query', { TableName: 'E', IndexName: 'by-kind', ...of('kind = :v', S('k')), Select: 'COUNT' }],
  ],
  'pages by size': [
    ...['1', '2', '3', '4'].map((sk): Program[number] => [
      'PutItem',
      { TableName: 'E', Item: { ...a, sk: N(sk), x: S('x'.repeat(390_000)) } },
    ]),
    ['Query', { TableName: 'E', ...of('pk = :v', S('a')), Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' }],
    ['Scan', { TableName: 'E', Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' }],
  ],
  batches: [
    [
      'BatchWriteItem',
      {
        RequestItems: {
          things: ['a', 'b'].map((pk) => ({ PutRequest: { Item: { pk: S(pk) } } })),
          E: [{ PutRequest: { Item: { ...a, sk: N('1') } } }],
        },
      },
    ],
    [
      'BatchWriteItem',
      { RequestItems: { things: [{ DeleteRequest: { Key: a } }, { PutRequest: { Item: { pk: S('c') } } }] } },
    ],
    [
      'BatchGetItem',
      {
        RequestItems: {
          E: { Keys: [{ ...a, sk: N('1.0') }] },
          things: { Keys: [{ pk: S('c') }], ConsistentRead: true },
        },
      },
    ],
    ['BatchGetItem', { RequestItems: { things: { Keys: [a, a] } } }],
    ['BatchWriteItem', { RequestItems: { things: [{ DeleteRequest: { Key: a } }, { PutRequest: { Item: a } }] } }],
    ['BatchWriteItem', { RequestItems: { things: [] } }],
    ['BatchGetItem', { RequestItems: {} }],
    [
      'BatchWriteItem',
      {
        RequestItems: {
          things: Array.from({ length: 26 }, (_, index) => ({ DeleteRequest: { Key: { pk: S(`${index}`) } } })),
        },
      },
    ],
  ],
  transactions: [
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'things', Item: a } },
          { Put: { TableName: 'E', Item: { ...a, sk: N('1') } } },
        ],
        ClientRequestToken: 'one',
      },
    ],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'things', Item: a } },
          { Put: { TableName: 'E', Item: { ...a, sk: N('1') } } },
        ],
        ClientRequestToken: 'one',
      },
    ],
    ['TransactWriteItems', { TransactItems: [{ Put: { TableName: 'things', Item: a } }], ClientRequestToken: 'one' }],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'things', Item: { pk: S('b') } } },
          {
            ConditionCheck: {
              TableName: 'things',
              Key: a,
              ConditionExpression: 'attribute_exists(x)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          { Delete: { TableName: 'things', Key: { pk: S('c') }, ConditionExpression: 'attribute_exists(pk)' } },
        ],
      },
    ],
    [
      'TransactWriteItems',
      { TransactItems: [{ Put: { TableName: 'things', Item: a } }, { Delete: { TableName: 'things', Key: a } }] },
    ],
    ['TransactWriteItems', { TransactItems: [{ Update: { TableName: 'things', Key: a, ...set('pk = :v', S('b')) } }] }],
    [
      'TransactGetItems',
      {
        TransactItems: [
          { Get: { TableName: 'things', Key: a } },
          { Get: { TableName: 'things', Key: { pk: S('b') } } },
        ],
        ReturnConsumedCapacity: 'TOTAL',
      },
    ],
  ],
  scans: [
    ...['1', '2', '3'].map((pk): Program[number] => ['PutItem', { Item: { pk: S(pk), n: N(pk) } }]),
    ['Scan', { Select: 'COUNT', FilterExpression: 'n > :v', ExpressionAttributeValues: { ':v': N('1') } }],
    ['Scan', { Segment: 1 }],
    ['Scan', { TotalSegments: 1, Segment: 0, Select: 'COUNT' }],
    ['Scan', { IndexName: 'none' }],
  ],
  'time to live': [
    ['DescribeTimeToLive', {}],
    ['UpdateTimeToLive', { TimeToLiveSpecification: { Enabled: false, AttributeName: 'x' } }],
    ['UpdateTimeToLive', { TimeToLiveSpecification: { Enabled: true, AttributeName: 'x' } }],
    ['UpdateTimeToLive', { TimeToLiveSpecification: { Enabled: true, AttributeName: 'x' } }],
    ['DescribeTimeToLive', {}],
  ],
  'streams of a table': [
    ['UpdateTable', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } }],
    ['DeleteTable', {}],
    ['DeleteTable', {}],
  ],
}

describe('the embedded engine answers like DynamoDB Local', () => {
  test.each(Object.entries(programs))('%s', async (_name, program) => {
    const names = { things: `things-${(count += 1)}`, E: `events-${count}` }
    await both.run({ operation: 'CreateTable', input: { ...thingsTable, TableName: names.things } })
    await both.run({ operation: 'CreateTable', input: { ...eventsTable, TableName: names.E } })
    for (const [operation, input] of program) {
      const step = {
        operation,
        input: renamed({ ...(namesTable(operation) ? { TableName: 'things' } : {}), ...input }, names),
      }
      const { local, embedded } = await both.run(step as Step)
      expect({ operation, input, ...comparable(embedded, step) }).toEqual({
        operation,
        input,
        ...comparable(local, step),
      })
    }
  })
})

// Messages are the service's, which Local's often are not; what a table is, is told apart by times and regions.
function comparable(outcome: Outcome, { operation }: { operation: string }): object {
  if (!('error' in outcome)) return operation.endsWith('Table') ? {} : outcome
  const { error, fields } = outcome
  return {
    error,
    reasons:
      error === 'TransactionCanceledException'
        ? JSON.stringify(sortedNames(fields)).replaceAll(' failed."', ' failed"')
        : '',
  }
}

function sortedNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedNames)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, sortedNames(field)]))
}

function namesTable(operation: string): boolean {
  return !operation.startsWith('Batch') && !operation.startsWith('Transact')
}

function renamed(value: unknown, names: { readonly [name: string]: string }): unknown {
  if (Array.isArray(value)) return value.map((element) => renamed(element, names))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      if (name === 'TableName') return [name, names[String(field)] ?? field]
      return [names[name] ?? name, renamed(field, names)]
    }),
  )
}

function S_(pk: string): object {
  return { pk: S(pk) }
}

function set(assignments: string, value: object): object {
  return { UpdateExpression: `SET ${assignments}`, ExpressionAttributeValues: { ':v': value } }
}

function of(condition: string, v: object, w?: object): object {
  return {
    KeyConditionExpression: condition,
    ExpressionAttributeValues: { ':v': v, ...(w === undefined ? {} : { ':w': w }) },
  }
}

function events(...numbers: string[]): Program {
  return numbers.map((sk) => [
    'PutItem',
    {
      TableName: 'E',
      Item: { ...a, sk: N(sk), kind: S('k'), title: S(`title ${sk}`) },
      ReturnConsumedCapacity: 'INDEXES',
    },
  ])
}
