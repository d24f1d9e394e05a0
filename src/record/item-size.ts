import type { AttributeMap, AttributeValue } from './attribute-value.ts'

/**
 * Size of an item in bytes by DynamoDB's published rules ("DynamoDB item sizes and formats"): what the 400 KB limit, the
 * capacity units and a stream record's `SizeBytes` are counted in. Without the 100 bytes an item is stored with, which
 * are billed as storage only. AWS calls the rule for numbers approximate; ours is exact for DynamoDB Local.
 */
export function itemSize(item: AttributeMap): number {
  let size = 0
  for (const name in item) {
    const value = item[name]
    if (value !== undefined) size += utf8(name) + valueSize(value)
  }
  return size
}

/** The part of an item's size that one value is. */
export function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return utf8(value.S)
  if (value.N !== undefined) return numberSize(value.N)
  if (value.B !== undefined) return binarySize(value.B)
  if (value.SS !== undefined) return sum(value.SS, utf8)
  if (value.NS !== undefined) return sum(value.NS, numberSize)
  if (value.BS !== undefined) return sum(value.BS, binarySize)
  if (value.L !== undefined) return 3 + sum(value.L, (element) => 1 + valueSize(element))
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemSize(value.M)
  return 1 // BOOL or NULL
}

const shortWhole = /^[1-9]\d{0,14}$/

// A number is kept as an exponent and its digits in pairs around the decimal point, zero pairs at both ends left out:
// 120 is 01·20 and takes as much as 1234. A minus takes one byte more.
function numberSize(text: string): number {
  return shortWhole.test(text) ? wholeSize(text) : decimalSize(text)
}

// Half the price of the general rule, and nearly every number in a table is one of these.
function wholeSize(text: string): number {
  let last = text.length
  while (last > 2 && text.charCodeAt(last - 1) === 48 && text.charCodeAt(last - 2) === 48) last -= 2
  return 1 + Math.ceil(last / 2)
}

function decimalSize(text: string): number {
  const match = /^([+-]?)0*(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim())
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? []
  const digits = `${whole}${fraction}`
  if (!/[1-9]/.test(digits)) return 1
  const pointAt = whole.length + Number(exponent)
  const aligned = pointAt % 2 === 0 ? digits : `0${digits}`
  const pairs = (aligned.length % 2 === 0 ? aligned : `${aligned}0`).match(/\d\d/g) ?? []
  const first = pairs.findIndex((pair) => pair !== '00')
  const last = pairs.findLastIndex((pair) => pair !== '00')
  return 1 + (last - first + 1) + (sign === '-' ? 1 : 0)
}

function binarySize(binary: string | Uint8Array): number {
  return typeof binary === 'string' ? Buffer.byteLength(binary, 'base64') : binary.byteLength
}

function utf8(text: string): number {
  return Buffer.byteLength(text)
}

function sum<T>(values: readonly T[], size: (value: T) => number): number {
  return values.reduce((total, value) => total + size(value), 0)
}
