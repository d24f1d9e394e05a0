import { normalizeNumber } from '../decimal.ts'
import { isFields } from '../fields.ts'
import type { AttributeValue, Item } from '../item.ts'
import { ServiceError, validationError } from '../service-error.ts'
import { takeBinarySet, takeNumberSet, takeStringSet } from './take-set.ts'

const deepest = 32
const longestName = 65_535

type Taker = (value: unknown, depth: number) => AttributeValue

const takers: ReadonlyMap<string, Taker> = new Map(
  Object.entries<Taker>({
    S: (value) => ({ S: text(value) }),
    N: (value) => ({ N: normalizeNumber(text(value)) }),
    B: (value) => ({ B: binary(value) }),
    BOOL: (value) => ({ BOOL: flag(value) }),
    NULL: (value) => {
      if (flag(value)) return { NULL: true }
      throw validationError(
        'One or more parameter values were invalid: Null attribute value types must have the value of true',
      )
    },
    SS: (value) => ({ SS: takeStringSet(list(value).map(text)) }),
    NS: (value) => ({ NS: takeNumberSet(list(value).map(text)) }),
    BS: (value) => ({ BS: takeBinarySet(list(value).map(binary)) }),
    L: (value, depth) => ({ L: list(value).map((element) => takeAt(element, depth + 1)) }),
    M: (value, depth) => ({ M: takeMap(value, depth + 1) }),
  }),
)

/**
 * A request's item as the store keeps it: checked, numbers and sets in their one form, and a copy, so that nothing the
 * caller does to its own afterwards reaches the store.
 */
export function takeItem(input: unknown): Item {
  return takeMap(input, 1)
}

/** One value of a request, as {@link takeItem} takes an item's. */
export function takeValue(input: unknown): AttributeValue {
  return takeAt(input, 1)
}

// Not by Object.entries: this is where most of a write's time goes.
function takeMap(input: unknown, depth: number): Item {
  if (!isFields(input)) throw unreadable()
  const item: { [name: string]: AttributeValue } = {}
  for (const name in input) {
    const value = input[name]
    if (value === undefined) continue
    const taken = takeAt(value, depth)
    if (name === '__proto__') Object.defineProperty(item, name, { value: taken, enumerable: true, configurable: true })
    else item[checkedName(name)] = taken
  }
  return item
}

function takeAt(input: unknown, depth: number): AttributeValue {
  if (depth > deepest)
    throw validationError(
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
    )
  if (!isFields(input)) throw unreadable()
  let found: AttributeValue | undefined
  for (const type in input) {
    const value = input[type]
    const take = takers.get(type)
    if (take === undefined || value === undefined || value === null) continue
    if (found !== undefined) throw notOne('has more than one datatypes set')
    found = take(value, depth)
  }
  return found ?? fail(notOne('is empty'))
}

function checkedName(name: string): string {
  if (name === '') throw validationError('Empty attribute name')
  if (name.length * 3 > longestName && Buffer.byteLength(name) > longestName)
    throw validationError('Attribute name is too large, must be less than 65536 bytes')
  return name
}

function notOne(problem: string): ServiceError {
  return validationError(`Supplied AttributeValue ${problem}, must contain exactly one of the supported datatypes`)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : fail(unreadable())
}

function flag(value: unknown): boolean {
  return typeof value === 'boolean' ? value : fail(unreadable())
}

function binary(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? Uint8Array.from(value) : fail(unreadable())
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : fail(unreadable())
}

function unreadable(): ServiceError {
  return new ServiceError('SerializationException', 'Unexpected value type in payload')
}

function fail(error: ServiceError): never {
  throw error
}
