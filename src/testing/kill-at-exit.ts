import type { ChildProcess } from 'node:child_process'

const children = new Set<ChildProcess>()

// One listener for all: Node takes more than ten for a leak.
function killAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Kills the child when this process exits, unless it has ended before. A process that is itself killed runs no such listener. */
export function killAtExit(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', killAll)
  children.add(child)
  const forget = () => {
    children.delete(child)
    if (children.size === 0) process.off('exit', killAll)
  }
  child.once('exit', forget)
  child.once('error', forget)
}
