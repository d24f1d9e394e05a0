import type { Examined } from '../../consumer/examine.ts'
import { decodeRecord, locate } from '../../record/decode.ts'
import { idempotencyKeyOf } from '../../record/identity.ts'
import { encodeItemKey } from '../../record/item-key.ts'
import type { RawRecord } from '../../source/source.ts'
import { namedConsumer } from '../run/named-consumer.ts'

/** How a consumer's records are told apart: by its module, or by what was typed of it. */
export interface IdentifyOptions {
  readonly consumer: string
  readonly module: string | undefined
  readonly identity: 'record' | 'message'
}

/** What a consumer makes of a record. */
export type Identify = (raw: RawRecord) => Examined

/** Asks the consumer itself where its module is given; else every record is selected, and its identity is as typed. */
export async function identifier({ consumer, module, identity }: IdentifyOptions): Promise<Identify> {
  if (module === undefined) return (raw) => ({ ...unfiltered, idempotencyKey: keyOf(raw, consumer, identity) })
  const named = await namedConsumer(module, consumer)
  return (raw) => named.examine(raw)
}

const unfiltered = { selected: true, patterns: [], fault: undefined } as const

function keyOf(raw: RawRecord, consumer: string, identity: 'record' | 'message'): string {
  const location = locate(raw)
  const { streamLabel, tableName } = location.stream
  if (identity === 'message')
    return idempotencyKeyOf(consumer, `message:${tableName}/${encodeItemKey(raw.dynamodb?.Keys, 'dynamodb.Keys')}`)
  const { eventId } = decodeRecord(location, { numbers: 'string' })
  return idempotencyKeyOf(consumer, `record:${streamLabel}:${eventId}`)
}
