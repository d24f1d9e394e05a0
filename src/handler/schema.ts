import { SchemaError, type SchemaComplaint } from '../errors.ts'

/**
 * A schema by the Standard Schema interface (standardschema.dev), version 1: zod, valibot, arktype and others are that
 * as they are.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The part of a record that a schema speaks of. */
export type SchemaPart = 'keys' | 'newImage' | 'oldImage'

/** One schema for each part of a record; a part without one is passed on as it was decoded. */
export interface RecordSchemas {
  readonly keys?: StandardSchema
  readonly newImage?: StandardSchema
  readonly oldImage?: StandardSchema
}

/** What a schema makes of a value. */
export type OutputOf<Schema> = Schema extends StandardSchema<infer Output> ? Output : never

const parts = ['keys', 'newImage', 'oldImage'] as const

/**
 * Replaces each part that has a schema by what the schema makes of it. A part that the record does not have (an INSERT
 * has no old image) is not judged. Throws a `SchemaError` with every complaint.
 */
export async function applySchemas<Record extends Partial<{ readonly [Part in SchemaPart]: unknown }>>(
  record: Record,
  schemas: RecordSchemas,
): Promise<Record> {
  const checked: { [Part in SchemaPart]?: unknown } = {}
  for (const part of parts) {
    const schema = schemas[part]
    if (schema === undefined || record[part] === undefined) continue
    const result = await schema['~standard'].validate(record[part])
    if (result.issues !== undefined) throw new SchemaError(part, result.issues.map(complaint))
    checked[part] = result.value
  }
  return { ...record, ...checked }
}

function complaint({ message, path = [] }: SchemaIssue): SchemaComplaint {
  return { message, path: path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.') }
}
