import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createConsumer, type EventName, type Item, type SequenceNumber } from '../../src/index.ts'

const Order = z.object({ id: z.string(), total: z.number() })
const name = 'types'

describe('the record of a handler', () => {
  test('is every change, with images that may be missing, where nothing is said', () => {
    createConsumer({
      name,
      handler(record) {
        expectTypeOf(record.eventName).toEqualTypeOf<EventName>()
        expectTypeOf(record.keys).toEqualTypeOf<Item>()
        expectTypeOf(record.newImage).toEqualTypeOf<Item | undefined>()
        expectTypeOf(record.oldImage).toEqualTypeOf<Item | undefined>()
        expectTypeOf(record.sequenceNumber).toEqualTypeOf<SequenceNumber>()
        expectTypeOf(record.createdAt).toEqualTypeOf<Date>()
      },
    })
  })

  test('is what select lets through', () => {
    createConsumer({
      name,
      select: { eventName: ['INSERT'] },
      handler({ eventName, oldImage }) {
        expectTypeOf(eventName).toEqualTypeOf<'INSERT'>()
        expectTypeOf(oldImage).toEqualTypeOf<undefined>()
      },
    })
    createConsumer({
      name,
      select: [{ eventName: ['INSERT'] }, { eventName: ['REMOVE'], userIdentity: { type: ['Service'] } }],
      handler: ({ eventName }) => expectTypeOf(eventName).toEqualTypeOf<'INSERT' | 'REMOVE'>(),
    })
    createConsumer({
      name,
      select: { eventName: [{ prefix: 'IN' }] },
      handler: ({ eventName }) => expectTypeOf(eventName).toEqualTypeOf<EventName>(),
    })
  })

  test('has the images that its schemas make', () => {
    createConsumer({
      name,
      select: { eventName: ['INSERT'] },
      schema: { newImage: Order, keys: z.object({ id: z.string() }) },
      handler({ newImage, keys }) {
        expectTypeOf(newImage).toEqualTypeOf<{ id: string; total: number }>()
        expectTypeOf(keys).toEqualTypeOf<{ id: string }>()
      },
    })
    createConsumer({
      name,
      schema: { newImage: Order },
      handler(record) {
        if (record.eventName === 'REMOVE') expectTypeOf(record.newImage).toEqualTypeOf<undefined>()
        else expectTypeOf(record.newImage).toEqualTypeOf<{ id: string; total: number }>()
      },
    })
  })

  test('has the images that the declared view type carries, and no others', () => {
    createConsumer({
      name,
      viewType: 'NEW_AND_OLD_IMAGES',
      handler(record) {
        if (record.eventName !== 'MODIFY') return
        expectTypeOf(record.newImage).toEqualTypeOf<Item>()
        expectTypeOf(record.oldImage).toEqualTypeOf<Item>()
      },
    })
    createConsumer({
      name,
      viewType: 'KEYS_ONLY',
      handler(record) {
        // @ts-expect-error a keys-only stream has no images
        void record.newImage
        // @ts-expect-error nor old ones
        void record.oldImage
      },
    })
    createConsumer({
      name,
      viewType: 'NEW_IMAGE',
      select: { eventName: ['INSERT', 'MODIFY'] },
      handler(record) {
        expectTypeOf(record.newImage).toEqualTypeOf<Item>()
        // @ts-expect-error this stream has no old images
        void record.oldImage
      },
    })
  })
})

test('a context has no transaction where the ledger gives none', () => {
  createConsumer({
    name,
    handler(_record, context) {
      expectTypeOf(context.transaction).toEqualTypeOf<undefined>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
    },
  })
})

test('options that can not be are refused by the compiler', () => {
  const handler = () => {}
  const wrong = () => {
    // @ts-expect-error no such identity
    createConsumer({ name, handler, identity: 'key' })
    // @ts-expect-error no such number mode
    createConsumer({ name, handler, numbers: 'float' })
    // @ts-expect-error a leaf is a list
    createConsumer({ name, handler, select: { eventName: 'INSERT' } })
    // @ts-expect-error a consumer has a name
    createConsumer({ handler })
  }
  expectTypeOf(wrong).toBeFunction()
})
