import type { Item } from '../embedded/item.ts'
import { ledgerTable, type DatabaseWatcher } from './simulated-database.ts'

/** What somebody wants to know of the ledger's rows. */
export interface LedgerWatcher {
  /** A row was put. */
  rowPut(row: Item): void
  /** A conditional update was refused because of this row. */
  refused(input: object, row: Item, sender: string): void
  /** A row was read alone. */
  rowRead(key: Item, sender: string): void
}

/** Reads what a database does for what it means to a ledger of claims and marks. */
export function watchLedger(watcher: LedgerWatcher): DatabaseWatcher {
  return {
    applied(operation, input, sender) {
      const { TableName, Item, Key, RequestItems }: Request = input
      if (operation === 'BatchWriteItem')
        for (const { PutRequest } of RequestItems?.[ledgerTable] ?? [])
          if (PutRequest !== undefined) watcher.rowPut(PutRequest.Item)
      if (TableName !== ledgerTable) return
      if (operation === 'PutItem' && Item !== undefined) watcher.rowPut(Item)
      if (operation === 'GetItem' && Key !== undefined) watcher.rowRead(Key, sender)
    },
    refused(_, input, row, sender) {
      watcher.refused(input, row, sender)
    },
  }
}

interface Request {
  readonly TableName?: string
  readonly Item?: Item
  readonly Key?: Item
  readonly RequestItems?: Record<string, readonly { readonly PutRequest?: { readonly Item: Item } }[]>
}
