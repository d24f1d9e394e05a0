import type { TableDefinition, Throughput } from './definition.ts'
import { itemSize } from '../../record/item-size.ts'
import type { TypedKey } from './key.ts'
import type { SecondaryIndex } from './secondary-index.ts'
import type { Table } from './table.ts'

export type TableStatus = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'

/** A table in the words of DescribeTable. */
export function describeTable(table: Table, status: TableStatus = 'ACTIVE'): object {
  const { definition, arn, id, createdAt, itemCount, sizeBytes } = table
  return {
    AttributeDefinitions: [...definition.types].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    TableName: definition.name,
    KeySchema: keySchema(definition.key),
    TableStatus: status,
    CreationDateTime: new Date(createdAt),
    ProvisionedThroughput: throughput(definition.throughput),
    TableSizeBytes: sizeBytes,
    ItemCount: itemCount,
    TableArn: arn,
    TableId: id,
    ...billing(definition, createdAt),
    ...indexes(table, 'local'),
    ...indexes(table, 'global'),
    ...stream(table),
    DeletionProtectionEnabled: definition.isProtected,
  }
}

function keySchema({ hash, range }: TypedKey): readonly object[] {
  const hashElement = { AttributeName: hash.name, KeyType: 'HASH' }
  return range === undefined ? [hashElement] : [hashElement, { AttributeName: range.name, KeyType: 'RANGE' }]
}

function throughput(units: Throughput | undefined): object {
  return {
    NumberOfDecreasesToday: 0,
    ReadCapacityUnits: units?.readUnits ?? 0,
    WriteCapacityUnits: units?.writeUnits ?? 0,
  }
}

function billing(definition: TableDefinition, createdAt: number): object {
  if (definition.throughput !== undefined) return {}
  return {
    BillingModeSummary: {
      BillingMode: 'PAY_PER_REQUEST',
      LastUpdateToPayPerRequestDateTime: new Date(createdAt),
    },
  }
}

function stream({ stream: last }: Table): object {
  if (last === undefined) return {}
  const latest = { LatestStreamLabel: last.label, LatestStreamArn: last.arn }
  if (last.viewType === undefined) return latest
  return { StreamSpecification: { StreamEnabled: true, StreamViewType: last.viewType }, ...latest }
}

function indexes(table: Table, scope: 'local' | 'global'): object {
  const descriptions = [...table.indexes.values()]
    .filter(({ definition }) => definition.scope === scope)
    .map((index) => describeIndex(table, index))
  if (descriptions.length === 0) return {}
  return { [scope === 'local' ? 'LocalSecondaryIndexes' : 'GlobalSecondaryIndexes']: descriptions }
}

function describeIndex(table: Table, index: SecondaryIndex): object {
  const { name, scope, key, projection } = index.definition
  const rows = index.rows.inScanOrder().flatMap((group) => group.rows)
  const included = projection.type === 'INCLUDE' ? { NonKeyAttributes: projection.include } : {}
  const description = {
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: projection.type, ...included },
    IndexSizeBytes: rows.reduce((total, { item }) => total + itemSize(index.project(item)), 0),
    ItemCount: rows.length,
    IndexArn: `${table.arn}/index/${name}`,
  }
  if (scope === 'local') return description
  return { ...description, IndexStatus: 'ACTIVE', ProvisionedThroughput: throughput(table.definition.throughput) }
}
