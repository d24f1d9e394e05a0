import { channel, type Channel } from 'node:diagnostics_channel'
import type { SequenceNumber } from '../record/sequence-number.ts'

/** What every message about a record says. */
export interface RecordMessage {
  readonly consumer: string
  readonly streamArn: string
  readonly eventId: string
  readonly sequenceNumber: SequenceNumber
  readonly idempotencyKey: string
}

/**
 * Everything Tidemark publishes on `node:diagnostics_channel`, by channel name. Subscribe to count, trace or alarm;
 * a channel nobody listens to costs a boolean.
 */
export interface Messages {
  /** A handler succeeded and that is durable. */
  'tidemark:record:handled': RecordMessage & { readonly attempts: number }
  /** The change had taken effect before. */
  'tidemark:record:duplicate': RecordMessage
  /** No pattern of `select` matches. */
  'tidemark:record:filtered': { readonly consumer: string; readonly eventId: string | undefined }
  /** An attempt failed and another follows after `delayMs`. */
  'tidemark:record:retry': RecordMessage & {
    readonly attempt: number
    readonly delayMs: number
    readonly error: unknown
  }
  /** A record failed and its lane stopped: nothing later of that item runs in this delivery. */
  'tidemark:lane:stopped': {
    readonly consumer: string
    readonly laneKey: string
    readonly sequenceNumber: SequenceNumber
    readonly reason: 'poison' | 'systemic'
    readonly attempts: number
    readonly error: unknown
  }
  /** A batch was answered. `settledCount` of its `recordCount` records are settled; the frontier is a position in it. */
  'tidemark:batch:answered': {
    readonly consumer: string
    readonly recordCount: number
    readonly settledCount: number
    readonly frontier: number
    readonly durationMs: number
  }
}

const channels: { readonly [Name in keyof Messages]: Channel } = {
  'tidemark:record:handled': channel('tidemark:record:handled'),
  'tidemark:record:duplicate': channel('tidemark:record:duplicate'),
  'tidemark:record:filtered': channel('tidemark:record:filtered'),
  'tidemark:record:retry': channel('tidemark:record:retry'),
  'tidemark:lane:stopped': channel('tidemark:lane:stopped'),
  'tidemark:batch:answered': channel('tidemark:batch:answered'),
}

/** Publishes on a channel; `message` is built only when somebody listens. */
export function publish<Name extends keyof Messages>(name: Name, message: () => Messages[Name]): void {
  const target = channels[name]
  if (target.hasSubscribers) target.publish(message())
}
