/** What an event of a windowed mapping carries beside its records. */
export interface WindowFrame {
  readonly window: { readonly start: string; readonly end: string }
  readonly state: unknown
  readonly shardId: string
  readonly eventSourceARN: string
  readonly isFinalInvokeForWindow: boolean
  readonly isWindowTerminatedEarly: boolean
}

/** A window that is being filled. Times are epoch milliseconds; a window holds its start and not its end. */
export interface OpenWindow {
  readonly start: number
  readonly end: number
  /** What the function returned last; `{}` at first. */
  readonly state: unknown
}

/** Bytes that a window's state may take before Lambda ends the window early: 1 MB. */
const maxStateBytes: number = 1024 * 1024

/** The window of a record. Windows are aligned to the epoch, so that they begin at full minutes where they can. */
export function windowAt(createdAt: number, seconds: number): OpenWindow {
  const length = seconds * 1000
  const start = Math.floor(createdAt / length) * length
  return { start, end: start + length, state: {} }
}

/** Whether the state has outgrown its window. */
export function isOversize({ state }: OpenWindow): boolean {
  return Buffer.byteLength(JSON.stringify(state)) > maxStateBytes
}

/** How an invocation stands to its window: within it, at its end, or at an end that came too soon. */
export type WindowPhase = 'open' | 'final' | 'terminated'

/** What to put beside the records. */
export function windowFrame(open: OpenWindow, phase: WindowPhase, shardId: string, streamArn: string): WindowFrame {
  return {
    window: { start: iso(open.start), end: iso(open.end) },
    state: open.state,
    shardId,
    eventSourceARN: streamArn,
    isFinalInvokeForWindow: phase !== 'open',
    isWindowTerminatedEarly: phase === 'terminated',
  }
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
