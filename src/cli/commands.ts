import type { Command } from './command.ts'
import { demoCommand } from './demo-command.ts'
import { explainCommand } from './explain/explain-command.ts'
import { initCommand } from './init/init-command.ts'
import { leasesCommands } from './leases/leases-command.ts'
import { parkedCommands } from './parked/parked-command.ts'
import { pauseCommand, resumeCommand } from './pause/pause-command.ts'
import { replayCommand } from './replay/replay-command.ts'
import { runCommand } from './run/run-command.ts'
import { sendCommand } from './send/send-command.ts'
import { statusCommand } from './status/status-command.ts'
import { tailCommand } from './tail/tail-command.ts'

/** All commands, in the order of the help. Each loads what it needs when it is run, and no sooner. */
export const commands: readonly Command[] = [
  runCommand,
  statusCommand,
  parkedCommands,
  tailCommand,
  explainCommand,
  pauseCommand,
  resumeCommand,
  replayCommand,
  sendCommand,
  initCommand,
  leasesCommands,
  demoCommand,
]
