import type { MappedRecord } from './mapped-record.ts'
import type { StreamEvent } from './stream-event.ts'
import type { WindowFrame } from './tumbling-window.ts'

/** The event that delivers these records, as text; each handler call parses its own. */
export function eventJson(records: readonly MappedRecord[], frame: WindowFrame | undefined): string {
  const list = `"Records":[${records.map(({ json }) => json).join(',')}]`
  return frame === undefined ? `{${list}}` : `{${list},${JSON.stringify(frame).slice(1)}`
}

/** Bytes of an event apart from its records. */
export function envelopeBytes(frame: WindowFrame | undefined): number {
  return Buffer.byteLength(eventJson([], frame))
}

/** An event of its own: nothing that a handler does to it is seen by anybody else. */
export function freshEvent(json: string): StreamEvent {
  return JSON.parse(json) as StreamEvent // made by eventJson
}
