import { DecodeError } from '../errors.ts'
import type { RawChange } from '../source/source.ts'
import { decodeItem } from './decode-value.ts'
import type { NumberMode } from './number.ts'
import type { Item, StreamViewType } from './record.ts'

/** What it takes to read the images of a change. */
export interface ImageOptions {
  readonly change: RawChange
  readonly viewType: StreamViewType
  readonly numbers: NumberMode
}

/**
 * One image of a change. Missing is a `DecodeError` where the view type promises it: a handler would take the item for
 * one without content, or the stream for one without images.
 */
export function decodeImage(
  part: 'NewImage' | 'OldImage',
  { change, viewType, numbers }: ImageOptions,
): Item | undefined {
  const image: unknown = change[part]
  if (image !== undefined && image !== null) return decodeItem(image, numbers, `dynamodb.${part}`)
  if (viewType === 'KEYS_ONLY' || viewType === (part === 'NewImage' ? 'OLD_IMAGE' : 'NEW_IMAGE')) return undefined
  throw new DecodeError(`missing, though the stream's view type ${viewType} promises it`, { path: `dynamodb.${part}` })
}
