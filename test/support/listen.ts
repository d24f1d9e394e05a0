import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { Messages } from '../../src/telemetry/channels.ts'

/** What is published on a channel until the test is over. */
export function listen<Name extends keyof Messages>(name: Name): readonly Messages[Name][] {
  const heard: Messages[Name][] = []
  const hear = (message: unknown) => void heard.push(message as Messages[Name])
  subscribe(name, hear)
  onTestFinished(() => void unsubscribe(name, hear))
  return heard
}
