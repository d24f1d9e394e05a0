import type { TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb'
import type { Item } from '../embedded/item.ts'
import type { LeaseCondition } from '../leases/coordination.ts'
import { textOf } from './workers/seen-lease.ts'
import { ledgerTable } from './simulated-database.ts'
import type { HandlerRun } from './workers/oracle.ts'

/** An effect in the database: it is noted once, it sets its item's state, and it needs the lease. */
export function fencedEffect({ change, right }: HandlerRun, condition: LeaseCondition): TransactWriteItemsCommandInput {
  const { eventId, itemKey } = change
  const by = { owner: { S: right.owner }, epoch: { N: String(right.epoch) } }
  const TableName = ledgerTable
  return {
    TransactItems: [
      { ConditionCheck: condition },
      {
        Put: {
          TableName,
          Item: { pk: { S: `effects#${eventId}` }, sk: { S: 'effect' }, ...by },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      { Put: { TableName, Item: { ...stateKey(itemKey), eventId: { S: eventId } } } },
    ],
  }
}

/** The row that has the state of an item. */
export function stateKey(itemKey: string): Item {
  return { pk: { S: `states#${itemKey}` }, sk: { S: 'state' } }
}

/** What an applied transaction did, when it was a fenced effect. */
export function fencedEffectOf(input: object): { eventId: string; owner: string; epoch: number } | undefined {
  const { TransactItems = [] } = input as {
    readonly TransactItems?: readonly { readonly Put?: { readonly Item: Item } }[]
  }
  for (const { Put } of TransactItems) {
    const [, eventId] = /^effects#(.*)$/.exec(textOf(Put?.Item['pk']) ?? '') ?? []
    if (eventId === undefined || Put === undefined) continue
    return { eventId, owner: textOf(Put.Item['owner']) ?? '', epoch: Number(textOf(Put.Item['epoch'])) }
  }
  return undefined
}

/** Whether a transaction was refused because the effect is there. */
export function isDoneAlready(error: unknown): boolean {
  return reasonsOf(error)[1] === 'ConditionalCheckFailed'
}

/** Whether it was refused because the lease is another's. */
export function isFencedOff(error: unknown): boolean {
  return reasonsOf(error)[0] === 'ConditionalCheckFailed' && reasonsOf(error).length === 3
}

function reasonsOf(error: unknown): readonly unknown[] {
  const { CancellationReasons = [] } = (error ?? {}) as {
    readonly CancellationReasons?: readonly { readonly Code?: unknown }[]
  }
  return CancellationReasons.map(({ Code }) => Code)
}
