import { expect, test } from 'vitest'
import { missingLeases, type StreamView } from '../../src/leases/lineage.ts'
import type { ShardListing } from '../../src/source/stream-reading.ts'

type Tree = { readonly [shardId: string]: string | undefined }

function shards(tree: Tree): ShardListing[] {
  return Object.entries(tree).map(([shardId, parentShardId]) => ({ shardId, parentShardId, closed: false }))
}

/** What would be created: ids, with an exclamation mark where the start is LATEST. */
function created(tree: Tree, view: Partial<Omit<StreamView, 'leases'>> & { readonly leases?: Tree } = {}): string[] {
  const { leases = {}, ...rest } = view
  const missing = missingLeases({
    streamLabel: 'label',
    shards: shards(tree),
    finished: new Set(),
    start: { startAt: 'TRIM_HORIZON', complete: true },
    ...rest,
    leases: Object.entries(leases).map(([id, parentShardId]) => ({
      shardId: id.replace('!', ''),
      startAt: id.endsWith('!') ? 'LATEST' : 'TRIM_HORIZON',
      ...(parentShardId === undefined ? {} : { parentShardId }),
    })),
  })
  return missing.map(({ shardId, startAt }) => (startAt === 'LATEST' ? `${shardId}!` : shardId))
}

const atLatest = { start: { startAt: 'LATEST', complete: false } } as const

test('from the trim horizon a stream starts with the first shards of its trees', () => {
  expect(created({ a: undefined, b: 'trimmed', a1: 'a', a2: 'a', b1: 'b' })).toEqual(['a', 'b'])
})

test('at LATEST it starts with the last ones, open or closed', () => {
  expect(created({ a: undefined, b: 'trimmed', a1: 'a', a2: 'a', b1: 'b' }, atLatest)).toEqual(['a1!', 'a2!', 'b1!'])
})

test("what is below a leased shard waits for that shard's end", () => {
  expect(created({ a: undefined, a1: 'a', a2: 'a1' }, { leases: { a: undefined } })).toEqual([])
})

test('a leased shard that is not listed any more still holds back its children', () => {
  expect(created({ a1: 'a', b1: 'b' }, { leases: { a: undefined } })).toEqual(['b1'])
})

test('a child that is listed later than its sibling is found, however far the sibling has come', () => {
  const tree = { a: undefined, a1: 'a', a2: 'a' }
  expect(created(tree, { leases: { a1: 'a' } })).toEqual(['a2'])
  expect(created({ ...tree, a11: 'a1', a111: 'a11' }, { leases: { a111: 'a11' } })).toEqual(['a2'])
})

test('ancestors of a leased shard are not consumed again', () => {
  expect(created({ a: undefined, a1: 'a', a2: 'a1' }, { leases: { a2: 'a1' } })).toEqual([])
})

test("a lease's own parent is known even when the listing does not show the lease's shard yet", () => {
  expect(created({ a: undefined, a1: 'a' }, { leases: { a2: 'a1' } })).toEqual([])
})

test('children of a finished shard are next, and its ancestors are not', () => {
  const finished = new Set(['a1'])
  expect(created({ a: undefined, a1: 'a', a2: 'a1' }, { finished })).toEqual(['a2'])
})

test('of a tree that was never begun the first shard comes first', () => {
  expect(created({ x: 'trimmed', x1: 'x' }, { leases: { a: undefined } })).toEqual(['x'])
})

test('a stream that goes on after its start is not started at LATEST again', () => {
  const start = { startAt: 'LATEST', complete: true } as const
  expect(created({ a: undefined, a1: 'a', b: undefined }, { start, leases: { 'a1!': 'a' } })).toEqual(['b'])
})

test('a start at LATEST that was begun is completed around what was begun', () => {
  const tree = { a: undefined, a1: 'a', a2: 'a', a11: 'a1' }
  expect(created(tree, { ...atLatest, leases: { 'a1!': 'a' } })).toEqual(['a2!'])
  // a1 was started, consumed and has gone on: its other child is no older than the start.
  const further = { ...tree, a12: 'a1', a121: 'a12' }
  expect(created(further, { ...atLatest, leases: { a11: 'a1' } })).toEqual(['a2!', 'a12'])
})

test('an odd listing, with a circle in it, holds back nothing else', () => {
  expect(created({ a: 'b', b: 'a', c: 'c', d: undefined })).toEqual(['d'])
})
