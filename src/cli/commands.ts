import type { Command } from './command.ts'
import { demoCommand } from './demo-command.ts'
import { leasesCommandEntry } from './leases/leases-command.ts'
import { runCommand } from './run/run-command.ts'

/** All commands by name, in the order of the help. Each loads what it needs when it is run, and no sooner. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['run', runCommand],
  ['demo', demoCommand],
  ['leases', leasesCommandEntry],
])
