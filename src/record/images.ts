import { DecodeError } from '../errors.ts'
import type { RawChange } from '../source/source.ts'
import { decodeItem } from './decode-value.ts'
import type { NumberMode } from './number.ts'
import type { Item, StreamViewType } from './record.ts'

/** What it takes to read the images of a change. */
export interface ImagesOptions {
  readonly change: RawChange
  readonly viewType: StreamViewType
  readonly numbers: NumberMode
}

export function newImageOf(options: ImagesOptions): { readonly newImage: Item } | undefined {
  const newImage = imageOf('NewImage', 'OLD_IMAGE', options)
  return newImage && { newImage }
}

export function oldImageOf(options: ImagesOptions): { readonly oldImage: Item } | undefined {
  const oldImage = imageOf('OldImage', 'NEW_IMAGE', options)
  return oldImage && { oldImage }
}

function imageOf(
  part: 'NewImage' | 'OldImage',
  viewWithout: StreamViewType,
  { change, viewType, numbers }: ImagesOptions,
): Item | undefined {
  const image: unknown = change[part]
  if (image !== undefined && image !== null) return decodeItem(image, numbers, `dynamodb.${part}`)
  if (viewType === 'KEYS_ONLY' || viewType === viewWithout) return undefined
  // A handler that finds no image would take it for a stream that carries none.
  throw new DecodeError(`missing, though the stream's view type ${viewType} promises it`, { path: `dynamodb.${part}` })
}
