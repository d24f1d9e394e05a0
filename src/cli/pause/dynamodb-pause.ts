import { systemClock, systemHost } from '../../internal/system.ts'
import type { Lease } from '../../leases/lease.ts'
import { exitCodes } from '../exit-codes.ts'
import { isAlive } from '../fleet/alive.ts'
import { type Fleet, type FleetOptions, withFleet } from '../fleet/dynamodb-fleet.ts'
import { takeStopSignals } from '../stop-signals.ts'

const lookMs = 500

/** Pauses a consumer and waits until nobody reads, or for Ctrl+C; the exit code says whether that has come. */
export function pause(options: FleetOptions & { readonly timeout: number; readonly json: boolean }): Promise<number> {
  return withFleet(options, async (fleet) => {
    const status = await fleet.members.pause({ pausedAt: systemClock.now(), by: systemHost() })
    const signals = takeStopSignals(systemClock, () => {})
    const held = await untilFree(fleet, options.timeout, signals.stopping).finally(signals.end)
    tell(options.json, { status, heldShards: held.map(({ shardId }) => shardId) }, pauseText(options, status, held))
    return held.length === 0 ? exitCodes.ok : exitCodes.failed
  })
}

/** Ends a pause. */
export function resume(options: FleetOptions & { readonly json: boolean }): Promise<number> {
  return withFleet(options, async ({ members }) => {
    const status = await members.resume()
    const { consumer, table } = options
    const said = status === 'resumed' ? 'workers read again within a second or so' : 'it was not paused'
    tell(options.json, { status }, `${consumer} on ${table}: ${said}`)
    return exitCodes.ok
  })
}

function tell(json: boolean, result: object, text: string): void {
  console.log(json ? JSON.stringify(result) : text)
}

function pauseText({ consumer, table }: FleetOptions, status: string, held: readonly Lease[]): string {
  const before = status === 'paused-before' ? 'was paused before' : 'paused'
  if (held.length === 0)
    return `${consumer} on ${table}: ${before}, and nobody reads.\nThe stream keeps changes for 24 hours.`
  const list = held.map(({ shardId, owner }) => `  ${shardId}  ${owner ?? ''}`).join('\n')
  return `${consumer} on ${table}: ${before}, and handlers still run in\n${list}\nThe same command waits again, and "tidemark resume" ends the pause.`
}

/** Waits until no living worker holds a lease; those that are held when the time is over. */
async function untilFree(
  { leases, members }: Fleet,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly Lease[]> {
  const giveUpAt = systemClock.monotonic() + timeoutMs
  for (;;) {
    // In this order: an owner that has joined in between would look like none.
    const listed = await leases.list()
    const alive = (await members.list({ consistent: true })).filter((member) => isAlive(member, systemClock.now()))
    const held = listed.filter(({ owner }) => alive.some(({ id }) => id === owner))
    if (held.length === 0 || signal.aborted || systemClock.monotonic() >= giveUpAt) return held
    await systemClock.sleep(lookMs, signal)
  }
}
