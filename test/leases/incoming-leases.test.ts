import { expect, test } from 'vitest'
import type { FleetMemberOptions } from '../../src/leases/fleet-options.ts'
import type { HeldLeases } from '../../src/leases/held-leases.ts'
import { IncomingLeases } from '../../src/leases/incoming-leases.ts'
import type { Lease } from '../../src/leases/lease.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { deferred, turns } from '../support/deferred.ts'
import { leaseDurationMs } from './fleet-world.ts'

test('what was asked for before the fleet is paused is not taken in the pause', async () => {
  const clock = createManualClock()
  const lease = { id: 'stream#shard', owner: 'leaver', epoch: 1 } as Partial<Lease> as Lease
  const answer = deferred<Lease>()
  const acquired: string[] = []
  const held: Pick<HeldLeases, 'acquire'> = {
    acquire: async (leases) => {
      acquired.push(...leases.map(({ id }) => id))
      return true
    },
  }
  const leases = { get: () => answer.promise }
  const incoming = new IncomingLeases({
    fleetMember: { clock, leaseDurationMs, leases } as unknown as FleetMemberOptions,
    held: held as HeldLeases,
    onMissed: () => {},
  })
  incoming.expect([lease])
  await turns()
  await clock.advance(100)
  const none = incoming.none()
  answer.resolve({ ...lease, owner: undefined })
  await turns()
  await clock.advance(2_000)
  expect(await none).toBe(true)
  expect(acquired).toEqual([])
  expect(await incoming.none()).toBe(false)
})
