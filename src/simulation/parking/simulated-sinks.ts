import type { DeadLetter, DeadLetterSink } from '../../parking/dead-letter.ts'
import type { Actor } from '../actor.ts'
import type { CommonMark } from '../marks.ts'
import { Network } from '../network.ts'
import { perfectNetwork, type NetworkFaults } from '../network-faults.ts'
import type { LotOracle } from './lot-oracle.ts'
import type { ParkingMark } from './parking-marks.ts'
import type { ParkingWorld } from './redriver.ts'

// What befalls a sink must not pass for what befalls the database.
const marks: { readonly [mark in CommonMark]?: ParkingMark } = {
  'server outage': 'sink away',
  'reply lost after a write': 'sink told, and its reply lost',
}

class PutLetterCommand {
  readonly input: DeadLetter

  constructor(input: DeadLetter) {
    this.input = input
  }
}

/** The dead-letter sinks of a world, as a process of the host reaches them: services of their own, each away for itself. */
export function sinksOf(world: ParkingWorld, actor: Actor, lot: LotOracle): readonly DeadLetterSink[] {
  const { sinks = [] } = world.profile.parking ?? {}
  return sinks.map((faults, index) => simulatedSink(world, actor, lot, { name: `sink${index + 1}`, faults }))
}

interface SinkParts {
  readonly name: string
  readonly faults: NetworkFaults
}

function simulatedSink(world: ParkingWorld, actor: Actor, lot: LotOracle, { name, faults }: SinkParts): DeadLetterSink {
  const { networkTimeoutMs: timeoutMs } = world.profile
  // It was slow for longer than anybody waits: that ends, too.
  const healthy = perfectNetwork(Math.min(faults.delayMs, timeoutMs / 4))
  const network = new Network({
    scheduler: world.scheduler,
    execute: () => {
      if (actor.isDead) world.mark('sink told by a dead process')
      return {}
    },
    faults: () => (world.isHealthy ? healthy : faults),
    timeoutMs,
    note: (sender, what) => world.trace.note(sender, `${name}: ${what}`),
    mark: (mark) => {
      const own = marks[mark]
      if (own !== undefined) world.mark(own)
    },
  })
  const client = network.client(actor, name)
  return {
    async deliver(letter) {
      lot.sinks.telling(letter, actor.name)
      await client.send(new PutLetterCommand(letter))
      lot.sinks.told(name, letter, actor.name)
    },
  }
}
