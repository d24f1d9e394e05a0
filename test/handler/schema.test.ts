import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createConsumer, silentLogger, type StandardSchema } from '../../src/index.ts'
import { applySchemas } from '../../src/handler/schema.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'

const Order = z.object({ pk: z.string(), value: z.number().transform((value) => value * 2) })

describe('schemas', () => {
  test('replace each part by what they make of it, and leave the others', async () => {
    const record = { keys: { pk: 'a' }, newImage: { pk: 'a', value: 2 }, oldImage: { pk: 'a', value: 1 }, other: 1 }
    const checked = await applySchemas(record, { newImage: Order })
    expect(checked).toEqual({ ...record, newImage: { pk: 'a', value: 4 } })
  })

  test('do not judge a part that the record does not have', async () => {
    expect(await applySchemas({ keys: {} }, { newImage: Order })).toEqual({ keys: {} })
  })

  test('tell every complaint with its path', async () => {
    const deep = z.object({ lines: z.array(z.object({ price: z.number() })), name: z.string() })
    const record = { newImage: { lines: [{ price: 1 }, { price: 'x' }] } }
    await expect(applySchemas(record, { newImage: deep })).rejects.toMatchObject({
      code: 'ERR_SCHEMA',
      part: 'newImage',
      complaints: [{ path: 'lines.1.price' }, { path: 'name' }],
      message: expect.stringContaining('newImage does not match its schema: lines.1.price: '),
    })
  })

  test('may take their time, be functions, and say paths with segments or nothing', async () => {
    const check = Object.assign(() => {}, {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async () => ({ issues: [{ message: 'odd', path: [{ key: 'a' }, 0] }, { message: 'whole' }] }),
      },
    }) satisfies StandardSchema
    const complaint = 'keys does not match its schema: a.0: odd; whole'
    await expect(applySchemas({ keys: {} }, { keys: check })).rejects.toThrow(complaint)
  })

  test('make a record that does not match poison at once, before its handler', async () => {
    const seen: unknown[] = []
    const consumer = createConsumer({
      name: 'c',
      logger: silentLogger,
      schema: { newImage: Order },
      handler: ({ newImage }) => void seen.push(newImage),
    })
    const image = { value: { S: 'not a number' } }
    const event = lambdaEvent({ key: 'A', sequence: 1, image }, ...changes('B:2'))
    const { settlements, stopped } = await consumer.process(batchOfEvent(event))
    expect(settlements).toEqual([undefined, 'handled'])
    expect(stopped).toMatchObject([{ reason: 'poison', attempts: 1, error: { code: 'ERR_SCHEMA' } }])
    expect(seen).toEqual([{ pk: 'B', value: 4 }])
  })
})
