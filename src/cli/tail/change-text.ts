import type { ChangeRecord, Value } from '../../record/record.ts'
import { columns, fit, paint } from '../screen.ts'
import { type AttributeChange, imageDiff } from './image-diff.ts'
import { keyText, plainItem, plainValue, type ShownChange } from './shown-change.ts'

/**
 * A change in lines that fit the screen: when, what and of which item, then an attribute a line. A MODIFY shows what
 * differs where the stream carries both images, else the image there is.
 */
export function changeText(change: ShownChange): string {
  if ('fault' in change) return fit(`?        UNREADABLE ${change.eventId}: ${change.fault}`, columns())
  const { record } = change
  const note = record.expired ? ' (expired)' : ''
  const head = fit(`${timeText(record.createdAt)} ${record.eventName} ${keyText(record.keys)}${note}`, columns())
  const changes = attributeChanges(record).map(attributeLine)
  return [paint('bold', head), ...changes].join('\n')
}

/** A change as one line of JSON, with everything the stream says of it. */
export function changeJson(change: ShownChange): string {
  if ('fault' in change) return JSON.stringify({ eventId: change.eventId, unreadable: change.fault })
  const { keys, newImage, oldImage, createdAt, ...rest } = change.record
  return JSON.stringify({
    ...rest,
    createdAt: Number.isNaN(createdAt.getTime()) ? null : createdAt.toISOString(),
    keys: plainItem(keys),
    ...(newImage === undefined ? {} : { newImage: plainItem(newImage) }),
    ...(oldImage === undefined ? {} : { oldImage: plainItem(oldImage) }),
  })
}

function attributeChanges({ keys, newImage, oldImage }: ChangeRecord): readonly AttributeChange[] {
  // The key stands in the first line; an image that the stream does not carry is no image of nothing.
  const isKey = ({ path }: AttributeChange) => path in keys
  if (newImage !== undefined && oldImage !== undefined) return imageDiff(oldImage, newImage)
  return imageDiff(oldImage ?? {}, newImage ?? {}).filter((change) => !isKey(change))
}

function attributeLine({ path, before, after }: AttributeChange): string {
  const width = columns()
  if (before === undefined) return paint('green', fit(`  + ${path}  ${valueText(after)}`, width))
  if (after === undefined) return paint('red', fit(`  - ${path}  ${valueText(before)}`, width))
  // Both sides are to be seen, however long the one is.
  const each = Math.max(10, Math.floor((width - path.length - 9) / 2))
  return fit(`  ~ ${path}  ${fit(valueText(before), each)} → ${fit(valueText(after), each)}`, width)
}

function valueText(value: Value | undefined): string {
  if (typeof value === 'bigint') return value.toString()
  return value === undefined ? '' : JSON.stringify(plainValue(value))
}

function timeText(at: Date): string {
  return Number.isNaN(at.getTime()) ? '        ' : at.toTimeString().slice(0, 8)
}
