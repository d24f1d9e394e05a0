import { isDeepStrictEqual } from 'node:util'
import type { Item, Value } from '../../record/record.ts'

/** What became of one attribute, or of one inside a map: absent on the side where it was not. */
export interface AttributeChange {
  /** `address.city`. */
  readonly path: string
  readonly before?: Value
  readonly after?: Value
}

/** What differs between two images, by attribute; into maps, and not into lists, whose places say nothing. */
export function imageDiff(before: Item, after: Item, above = ''): readonly AttributeChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => attributeDiff(`${above}${name}`, before[name], after[name]))
}

function attributeDiff(path: string, before: Value | undefined, after: Value | undefined): readonly AttributeChange[] {
  if (before === undefined) return after === undefined ? [] : [{ path, after }]
  if (after === undefined) return [{ path, before }]
  if (isMap(before) && isMap(after)) return imageDiff(before, after, `${path}.`)
  return isDeepStrictEqual(before, after) ? [] : [{ path, before, after }]
}

function isMap(value: Value): value is Item {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
