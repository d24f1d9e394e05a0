import { describe, test } from 'vitest'
import { memoryLedger } from '../../src/ledger/memory-ledger.ts'
import { ledgerConformance } from '../../src/testing/ledger-conformance.ts'

describe('memoryLedger', () => {
  for (const { name, run } of ledgerConformance({ createLedger: memoryLedger })) test(name, run)
})
