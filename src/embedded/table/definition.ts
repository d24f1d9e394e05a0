import {
  choiceField,
  type Fields,
  flagField,
  integerField,
  missing,
  structureField,
  structuresField,
  textField,
} from '../fields.ts'
import { validationError } from '../service-error.ts'
import { type AttributeTypes, readIndexes, readKeySchema } from './definition-keys.ts'
import { attributesOf, type KeyType, type TypedKey } from './key.ts'
import { tableNameOf } from './names.ts'
import type { IndexDefinition } from './secondary-index.ts'

const invalid = 'One or more parameter values were invalid:'
const mostUnits = 1_000_000_000_000

export interface Throughput {
  readonly readUnits: number
  readonly writeUnits: number
}

/** What a table is: everything of a CreateTable request that stays. */
export interface TableDefinition {
  readonly name: string
  readonly types: AttributeTypes
  readonly key: TypedKey
  readonly indexes: readonly IndexDefinition[]
  /** `undefined` for a table that is billed by request. */
  readonly throughput: Throughput | undefined
  readonly isProtected: boolean
}

/** Reads a CreateTable request by the service's rules. */
export function readDefinition(fields: Fields): TableDefinition {
  const name = tableNameOf(fields)
  const types = readAttributeTypes(fields)
  const key = readKeySchema(fields, types, '')
  const indexes = readIndexes(fields, types, key)
  assertAllUsed(types, key, indexes)
  const throughput = readBilling(fields)
  return { name, types, key, indexes, throughput, isProtected: flagField(fields, 'DeletionProtectionEnabled') }
}

export function readAttributeTypes(fields: Fields): AttributeTypes {
  const types = new Map<string, KeyType>()
  for (const definition of structuresField(fields, 'AttributeDefinitions')) {
    const name = textField(definition, 'AttributeName')
    const type = choiceField(definition, 'AttributeType', ['B', 'N', 'S'])
    if (name === undefined || type === undefined)
      throw missing(`attributeDefinitions.1.member.attribute${name === undefined ? 'Name' : 'Type'}`)
    types.set(name, type)
  }
  return types
}

/** `undefined` for billing by request. */
export function readBilling(fields: Fields): Throughput | undefined {
  const mode = choiceField(fields, 'BillingMode', ['PROVISIONED', 'PAY_PER_REQUEST'])
  const throughput = readThroughput(fields)
  if (mode !== 'PAY_PER_REQUEST') {
    if (throughput !== undefined) return throughput
    throw validationError(
      `${invalid} ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
    )
  }
  if (throughput === undefined) return undefined
  throw validationError(
    `${invalid} Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  )
}

export function readThroughput(fields: Fields): Throughput | undefined {
  const given = structureField(fields, 'ProvisionedThroughput')
  if (given === undefined) return undefined
  const readUnits = integerField(given, 'ReadCapacityUnits', 1, mostUnits)
  const writeUnits = integerField(given, 'WriteCapacityUnits', 1, mostUnits)
  if (readUnits !== undefined && writeUnits !== undefined) return { readUnits, writeUnits }
  throw missing(`provisionedThroughput.${readUnits === undefined ? 'read' : 'write'}CapacityUnits`)
}

function assertAllUsed(types: AttributeTypes, key: TypedKey, indexes: readonly IndexDefinition[]): void {
  const used = new Set([key, ...indexes.map((index) => index.key)].flatMap(attributesOf).map(({ name }) => name))
  if (used.size === types.size) return
  throw validationError(
    indexes.length === 0
      ? `${invalid} Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`
      : `${invalid} Some AttributeDefinitions are not used. AttributeDefinitions: [${[...types.keys()].join(', ')}], keys used: [${[...used].join(', ')}]`,
  )
}
