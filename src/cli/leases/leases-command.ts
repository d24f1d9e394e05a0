import { type Command, say } from '../command.ts'
import { leasesHelp, leasesUsage } from './leases-help.ts'
import { readLeasesOptions } from './leases-options.ts'

/** `tidemark leases`. */
export const leasesCommandEntry: Command = {
  summary: "Takes over a KCL fleet's checkpoints, or gives ours to one: tidemark leases import",
  usage: leasesUsage,
  async run(args) {
    if (readLeasesOptions(args) === undefined) return say(leasesHelp)
    const { leasesCommand } = await import('./dynamodb-leases-command.ts')
    return leasesCommand([...args])
  },
}
