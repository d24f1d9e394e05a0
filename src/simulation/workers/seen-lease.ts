import type { Item } from '../../embedded/item.ts'
import type { TrueRecord, TrueShard } from '../stream-truth.ts'

/** A lease as its row says, read by somebody who knows the format and none of the code. */
export interface SeenLease {
  readonly streamLabel: string
  readonly shardId: string
  readonly startAt: string
  readonly owner: string | undefined
  readonly epoch: number
  /** Everything up to here is settled. */
  readonly after: bigint | undefined
  /** Where the bits begin, when there is no `after`. */
  readonly from: bigint | undefined
  /** Bit k, lowest first: the k-th record behind `after`, or from `from` on. */
  readonly beyond: Uint8Array
}

export function seenLease(row: Item): SeenLease {
  const [, streamLabel = '', shardId = ''] = textOf(row['sk'])?.split('#') ?? []
  const { beyond } = row
  return {
    ...{ streamLabel, shardId, startAt: textOf(row['startAt']) ?? '', owner: textOf(row['owner']) },
    epoch: Number(textOf(row['epoch'])),
    after: numberOf(textOf(row['afterText']) ?? textOf(row['after'])),
    from: numberOf(textOf(row['from'])),
    beyond: beyond !== undefined && 'B' in beyond ? beyond.B : new Uint8Array(),
  }
}

/** The records that a checkpoint says nobody has to look at again; `undefined` for one that the shard does not have. */
export function coveredBy(
  { after, from, beyond }: SeenLease,
  { records }: TrueShard,
): readonly (TrueRecord | undefined)[] {
  const numberAt = (index: number) => records[index]?.change.sequenceNumber ?? -1n
  let start = 0
  if (after !== undefined) while (start < records.length && numberAt(start) <= after) start += 1
  else if (from !== undefined) while (start < records.length && numberAt(start) < from) start += 1
  const covered: (TrueRecord | undefined)[] = records.slice(0, start)
  for (const [place, byte] of beyond.entries())
    for (let bit = 0; bit < 8; bit += 1) if ((byte >> bit) % 2 === 1) covered.push(records[start + place * 8 + bit])
  return covered
}

/** The text of a string or a number. */
export function textOf(value: Item[string] | undefined): string | undefined {
  if (value === undefined) return undefined
  if ('S' in value) return value.S
  return 'N' in value ? value.N : undefined
}

function numberOf(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text)
}
