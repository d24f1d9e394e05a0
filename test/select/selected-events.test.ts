import { expectTypeOf, test } from 'vitest'
import type { EventName } from '../../src/record/record.ts'
import type { FilterPattern } from '../../src/select/pattern.ts'
import type { SelectedEvents } from '../../src/select/select.ts'

// As createConsumer infers it.
function events<const Selected extends FilterPattern | readonly FilterPattern[]>(
  _select?: Selected,
): SelectedEvents<Selected> | undefined {
  return undefined
}

type Inferred<Events> = Events | undefined

test('the events that a select lets through are known from its literals', () => {
  expectTypeOf(events({ eventName: ['INSERT'] })).toEqualTypeOf<Inferred<'INSERT'>>()
  expectTypeOf(events({ eventName: ['INSERT', 'REMOVE'] })).toEqualTypeOf<Inferred<'INSERT' | 'REMOVE'>>()
  expectTypeOf(
    events({ eventName: ['INSERT'], dynamodb: { NewImage: { total: { N: [{ 'anything-but': ['0'] }] } } } }),
  ).toEqualTypeOf<Inferred<'INSERT'>>()
})

test('an array of patterns lets through what any of them does', () => {
  expectTypeOf(events([{ eventName: ['INSERT'] }, { eventName: ['MODIFY'] }])).toEqualTypeOf<
    Inferred<'INSERT' | 'MODIFY'>
  >()
  expectTypeOf(events([{ eventName: ['INSERT'] }, { awsRegion: ['eu'] }])).toEqualTypeOf<Inferred<EventName>>()
})

test('where it lists none, or uses other matchers, all events can come', () => {
  expectTypeOf(events()).toEqualTypeOf<Inferred<EventName>>()
  expectTypeOf<SelectedEvents<undefined>>().toEqualTypeOf<EventName>()
  expectTypeOf<SelectedEvents<FilterPattern>>().toEqualTypeOf<EventName>()
  expectTypeOf<SelectedEvents<readonly FilterPattern[]>>().toEqualTypeOf<EventName>()
  expectTypeOf<SelectedEvents<{ eventName: string[] }>>().toEqualTypeOf<EventName>()
  expectTypeOf(events({ awsRegion: ['eu'] })).toEqualTypeOf<Inferred<EventName>>()
  expectTypeOf(events({ eventName: [{ prefix: 'IN' }] })).toEqualTypeOf<Inferred<EventName>>()
  expectTypeOf(events({ eventName: ['INSERT', { 'anything-but': 'REMOVE' }] })).toEqualTypeOf<Inferred<EventName>>()
})

test('$or lets through what its alternatives do, within what the names beside it do', () => {
  expectTypeOf(events({ $or: [{ eventName: ['INSERT'] }, { eventName: ['REMOVE'] }] })).toEqualTypeOf<
    Inferred<'INSERT' | 'REMOVE'>
  >()
  expectTypeOf(
    events({ eventName: ['INSERT', 'MODIFY'], $or: [{ eventName: ['INSERT'] }, { eventName: ['REMOVE'] }] }),
  ).toEqualTypeOf<Inferred<'INSERT'>>()
  expectTypeOf(events({ $or: [{ eventName: ['INSERT'] }, { awsRegion: ['eu'] }] })).toEqualTypeOf<Inferred<EventName>>()
})

test('a pattern that is mistaken does not compile', () => {
  // @ts-expect-error a field takes a list
  events({ eventName: 'INSERT' })
  // @ts-expect-error a field takes a list, at any depth
  events({ dynamodb: { NewImage: { status: { S: 'paid' } } } })
  // @ts-expect-error an alternative needs another
  events({ $or: [{ eventName: ['INSERT'] }] })
  // @ts-expect-error there is no such operator
  events({ awsRegion: [{ starts: 'eu' }] })
  // @ts-expect-error bounds come lower first
  events({ dynamodb: { SizeBytes: [{ numeric: ['<', 5, '>', 0] }] } })
  // @ts-expect-error not of both types
  events({ awsRegion: [{ 'anything-but': ['a', 5] }] })
})
