import { consistency, readUnits, transactionFactor, writeUnits } from '../embedded/table/capacity-rules.ts'
import { itemSize } from '../record/item-size.ts'
import type { AttributeMap } from '../record/attribute-value.ts'

/** Capacity units: what on-demand tables bill as request units. */
export interface CapacityUnits {
  readonly readUnits: number
  readonly writeUnits: number
}

/** The parts of any request that its capacity depends on. */
export interface CapacityRequest {
  readonly Item?: AttributeMap
  readonly Key?: AttributeMap
  readonly ExpressionAttributeValues?: AttributeMap
  readonly ConsistentRead?: boolean
  readonly RequestItems?: { readonly [table: string]: TableReads | TableWrites }
  readonly TransactItems?: readonly TransactItem[]
  readonly ClientRequestToken?: string
}

/** The parts of any answer, or of an error, that the request's capacity depends on. */
export interface CapacityAnswer {
  readonly Item?: AttributeMap
  readonly Items?: readonly AttributeMap[]
  readonly Attributes?: AttributeMap
  readonly Responses?: TransactResponses | BatchResponses
  readonly UnprocessedKeys?: { readonly [table: string]: TableReads }
  readonly UnprocessedItems?: { readonly [table: string]: TableWrites }
}

type TableReads = { readonly Keys?: readonly AttributeMap[]; readonly ConsistentRead?: boolean }
type TableWrites = readonly {
  readonly PutRequest?: { readonly Item?: AttributeMap }
  readonly DeleteRequest?: { readonly Key?: AttributeMap }
}[]
type TransactResponses = readonly { readonly Item?: AttributeMap }[]
type BatchResponses = { readonly [table: string]: readonly AttributeMap[] }
type TransactItem = { readonly [action: string]: CapacityRequest }
type Rule = (request: CapacityRequest, answer: CapacityAnswer) => CapacityUnits

const rules: { readonly [operation: string]: Rule } = {
  GetItem: ({ ConsistentRead }, { Item }) => read(readUnits(sizeOf(Item)) * consistency(ConsistentRead)),
  BatchGetItem: (request, answer) => read(batchGetUnits(request, answer)),
  TransactGetItems: (request, answer) => read(transactGetUnits(request, answer)),
  Query: pageOfItems,
  Scan: pageOfItems,
  PutItem: singleWrite,
  UpdateItem: singleWrite,
  DeleteItem: singleWrite,
  BatchWriteItem: (request, { UnprocessedItems = {} }) =>
    write(batchWriteUnits(request.RequestItems ?? {}) - batchWriteUnits(UnprocessedItems)),
  TransactWriteItems: ({ TransactItems = [] }) =>
    write(transactionFactor * sum(TransactItems, (item) => writeUnits(transactSize(item)))),
}

/** What an answered request consumes. Operations that move no items consume nothing. */
export function consumedUnits(operation: string, request: CapacityRequest, answer: CapacityAnswer): CapacityUnits {
  return rules[operation]?.(request, answer) ?? { readUnits: 0, writeUnits: 0 }
}

/**
 * What a request consumes whose condition was false: write units by the size of the item that is there, at least one.
 * Where the error does not carry that item it is taken to be as large as the one to be written. A cancelled transaction
 * is taken to cost what a committed one does; AWS publishes no figure, and it can't cost more.
 */
export function refusedUnits(operation: string, request: CapacityRequest, error: CapacityAnswer): CapacityUnits {
  const { Item } = error
  return Item === undefined ? consumedUnits(operation, request, {}) : write(writeUnits(itemSize(Item)))
}

/** What a transaction consumes that repeats a committed one's `ClientRequestToken`: the items are read, not written. */
export function replayedUnits({ TransactItems = [] }: CapacityRequest): CapacityUnits {
  return read(transactionFactor * sum(TransactItems, (item) => readUnits(transactSize(item))))
}

function batchGetUnits(
  { RequestItems = {} }: CapacityRequest,
  { Responses = {}, UnprocessedKeys = {} }: CapacityAnswer,
): number {
  return sum(Object.entries(RequestItems), ([table, asked]) => {
    if (isWrites(asked)) return 0
    const found = isTransact(Responses) ? [] : (Responses[table] ?? [])
    const answered = (asked.Keys?.length ?? 0) - (UnprocessedKeys[table]?.Keys?.length ?? 0)
    const missing = answered - found.length
    return (sum(found, (item) => readUnits(itemSize(item))) + missing) * consistency(asked.ConsistentRead)
  })
}

function transactGetUnits({ TransactItems = [] }: CapacityRequest, { Responses = [] }: CapacityAnswer): number {
  const found = isTransact(Responses) ? Responses : []
  return transactionFactor * sum([...TransactItems.keys()], (index) => readUnits(sizeOf(found[index]?.Item)))
}

// A page is charged by the sum of its items, rounded up once. Items that a filter left out are not seen here.
function pageOfItems({ ConsistentRead }: CapacityRequest, { Items = [] }: CapacityAnswer): CapacityUnits {
  return read(readUnits(sum(Items, itemSize)) * consistency(ConsistentRead))
}

function singleWrite(request: CapacityRequest, { Attributes }: CapacityAnswer): CapacityUnits {
  return write(writeUnits(Math.max(writtenSize(request), sizeOf(Attributes))))
}

function batchWriteUnits(tables: { readonly [table: string]: TableReads | TableWrites }): number {
  return sum(Object.values(tables), (requests) =>
    isWrites(requests)
      ? sum(requests, ({ PutRequest, DeleteRequest }) => writeUnits(writtenSize({ ...PutRequest, ...DeleteRequest })))
      : 0,
  )
}

function transactSize(item: TransactItem): number {
  return sum(Object.values(item), writtenSize)
}

// An update is known by its expression only; its key and its values stand for the item.
function writtenSize({ Item, Key, ExpressionAttributeValues }: CapacityRequest): number {
  return Item === undefined ? sizeOf(Key) + sizeOf(ExpressionAttributeValues) : itemSize(Item)
}

function sizeOf(item: AttributeMap | undefined): number {
  return item === undefined ? 0 : itemSize(item)
}

function read(readUnits: number): CapacityUnits {
  return { readUnits, writeUnits: 0 }
}

function write(writeUnits: number): CapacityUnits {
  return { readUnits: 0, writeUnits }
}

function isWrites(requests: TableReads | TableWrites): requests is TableWrites {
  return Array.isArray(requests)
}

function isTransact(responses: TransactResponses | BatchResponses): responses is TransactResponses {
  return Array.isArray(responses)
}

function sum<T>(values: readonly T[], units: (value: T) => number): number {
  return values.reduce((total, value) => total + units(value), 0)
}
