import { describe, test } from 'vitest'
import { postgresLedger } from '../../../src/postgres.ts'
import { ledgerConformance } from '../../../src/testing.ts'
import { usePostgres } from './server.ts'

const { createDatabase } = usePostgres()

describe('every promise of a ledger, with a pool of one connection', () => {
  const cases = ledgerConformance({
    async createLedger({ clock, windowDays }) {
      const pool = (await createDatabase()).pool()
      return postgresLedger({ pool, clock, windowDays })
    },
    modes: ['retry'],
  })
  for (const { name, run } of cases) test(name, run)
})
