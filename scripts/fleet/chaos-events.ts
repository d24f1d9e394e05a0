import type { Direction, Healing } from './half-open-proxy.ts'

/** Something that is done to a worker or to all of them, or a worker that is added, some time after the start. */
export type ChaosEvent = CrewEvent | ReplayEvent | DatabaseEvent

/** What happens to one worker. */
export type CrewEvent = MembershipEvent | PauseEvent | BlackHoleEvent

interface WorkerEvent {
  readonly atMs: number
  readonly worker: string
}

interface MembershipEvent extends WorkerEvent {
  readonly kind: 'kill' | 'stop' | 'add'
}

interface PauseEvent extends WorkerEvent {
  readonly kind: 'pause' | 'cut'
  readonly forMs: number
}

interface BlackHoleEvent extends WorkerEvent {
  readonly kind: 'blackHole'
  readonly forMs: number
  readonly direction: Direction
  readonly healing: Healing
}

/** All that are awake go, the checkpoints go back to the beginning of the stream, and others come. Who sleeps sleeps on. */
export interface ReplayEvent extends WorkerEvent {
  readonly kind: 'replay'
  readonly how: 'kill' | 'stop'
  readonly joining: readonly string[]
  /** By then it should be over. */
  readonly untilMs: number
}

/** The server of the accounts is killed, and started again. */
export interface DatabaseEvent extends WorkerEvent {
  readonly kind: 'database'
  readonly forMs: number
}

/** A disturbance of a worker that ends. */
export type PassingEvent = PauseEvent | BlackHoleEvent

export const chaosKinds = ['kill', 'pause', 'stop', 'add', 'cut', 'lostRequests', 'lostReplies', 'partition'] as const

export type ChaosKind = (typeof chaosKinds)[number] | 'replay' | 'database'

/** Says what happens, in a line. */
export function describeEvent(event: ChaosEvent): string {
  if (event.kind === 'replay') return `${event.how} all, and replay from the beginning`
  const how = event.kind === 'blackHole' ? ` ${event.direction}, then ${event.healing}` : ''
  return `${event.kind} ${event.worker}${how}${'forMs' in event ? ` for ${event.forMs} ms` : ''}`
}

/** When it is over, from the start. */
export function endOf(event: ChaosEvent): number {
  if ('untilMs' in event) return event.untilMs
  return event.atMs + ('forMs' in event ? event.forMs : 0)
}
