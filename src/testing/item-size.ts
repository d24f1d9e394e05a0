import type { AttributeMap, AttributeValue } from '../record/attribute-value.ts'

/**
 * Size of an item in bytes by DynamoDB's published rules ("DynamoDB item sizes and formats"): what the 400 KB limit, the
 * capacity units and a stream record's `SizeBytes` are counted in. Without the 100 bytes an item is stored with, which
 * are billed as storage only. AWS calls the rule for numbers approximate; ours is exact for DynamoDB Local.
 */
export function itemSize(item: AttributeMap): number {
  return sum(Object.entries(item), ([name, value]) => utf8(name) + valueSize(value))
}

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return utf8(value.S)
  if (value.N !== undefined) return numberSize(value.N)
  if (value.B !== undefined) return binarySize(value.B)
  if (value.SS !== undefined) return sum(value.SS, utf8)
  if (value.NS !== undefined) return sum(value.NS, numberSize)
  if (value.BS !== undefined) return sum(value.BS, binarySize)
  if (value.L !== undefined) return 3 + sum(value.L, (element) => 1 + valueSize(element))
  if (value.M !== undefined)
    return 3 + sum(Object.entries(value.M), ([name, element]) => 1 + utf8(name) + valueSize(element))
  return 1 // BOOL or NULL
}

// A number is kept as an exponent and its digits in pairs around the decimal point, zero pairs at both ends left out:
// 120 is 01·20 and takes as much as 1234. A minus takes one byte more.
function numberSize(text: string): number {
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
