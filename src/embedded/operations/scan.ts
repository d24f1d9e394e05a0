import { type Fields, integerField } from '../fields.ts'
import type { Item } from '../item.ts'
import { validationError } from '../service-error.ts'
import { type Collection, compareGroups, type Group, type Row } from '../table/collection.ts'
import { placeOf } from '../table/key.ts'
import { tableNameOf } from '../table/names.ts'
import { search } from '../table/search.ts'
import type { Store } from '../table/store.ts'
import { indexAfter } from './key-range.ts'
import { refuseLegacy } from './legacy.ts'
import { answerPage } from './page.ts'
import { throttledAs } from './reach.ts'
import { assertSelection, readingOf, readReadingRequest } from './reading.ts'
import { RequestExpressions } from './request-expressions.ts'
import { assertStartKey } from './start-key.ts'

const ring = 2 ** 32
const mostSegments = 1_000_000

export function scan(store: Store, fields: Fields): object {
  refuseLegacy(fields)
  const name = tableNameOf(fields)
  const segment = readSegment(fields)
  const expressions = new RequestExpressions(fields, ['FilterExpression', 'ProjectionExpression'])
  const request = readReadingRequest(fields, expressions, 'Scanning')
  expressions.finish()
  const { start } = request
  const reading = readingOf(throttledAs('Scan')(store, name), request)
  expressions.assertFor(reading.table)
  if (start !== undefined) assertStartKey(start, reading)
  assertSelection(request, reading)
  const collection = reading.index?.rows ?? reading.table.rows
  return answerPage(store, fields, reading, rowsOfScan(collection, segment, start))
}

interface Segment {
  readonly from: number
  /** The first place that is not in it. */
  readonly to: number
}

function readSegment(fields: Fields): Segment {
  const total = integerField(fields, 'TotalSegments', 1, mostSegments)
  const segment = integerField(fields, 'Segment', 0, mostSegments - 1)
  if (total === undefined && segment === undefined) return { from: 0, to: ring }
  if (total === undefined)
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    )
  if (segment === undefined)
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    )
  if (segment >= total)
    throw validationError(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${total}`,
    )
  return { from: Math.ceil((segment * ring) / total), to: Math.ceil(((segment + 1) * ring) / total) }
}

function* rowsOfScan(collection: Collection, segment: Segment, start: Item | undefined): Iterable<Row> {
  const groups = collection.inScanOrder()
  const first = start === undefined ? { place: segment.from, text: '' } : groupOf(collection, start, segment)
  for (let at = seekGroup(groups, first); at < groups.length; at += 1) {
    const group = groups[at]
    if (group === undefined || group.place >= segment.to) return
    const isSplit = start !== undefined && group.text === first.text
    yield* isSplit ? group.rows.slice(indexAfter(collection, group.rows, start)) : group.rows
  }
}

function groupOf(collection: Collection, start: Item, segment: Segment): Pick<Group, 'place' | 'text'> {
  const text = collection.textOf(start)
  const place = placeOf(text)
  if (place < segment.from || place >= segment.to)
    throw validationError('The provided starting key is invalid: it is outside of the segment')
  return { place, text }
}

function seekGroup(groups: readonly Group[], first: Pick<Group, 'place' | 'text'>): number {
  return search(groups.length, (index) => {
    const group = groups[index]
    return group === undefined || compareGroups(group, first) >= 0
  })
}
