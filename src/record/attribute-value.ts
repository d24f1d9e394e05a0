/**
 * One value as DynamoDB writes it, in either of the two forms in which it reaches us: binary is base64 text in a Lambda
 * event and bytes from the SDK. Exactly one field is present.
 */
export interface AttributeValue {
  readonly S?: string | undefined
  readonly N?: string | undefined
  readonly B?: string | Uint8Array | undefined
  readonly BOOL?: boolean | undefined
  readonly NULL?: boolean | undefined
  readonly SS?: readonly string[] | undefined
  readonly NS?: readonly string[] | undefined
  readonly BS?: readonly (string | Uint8Array)[] | undefined
  readonly L?: readonly AttributeValue[] | undefined
  readonly M?: { readonly [name: string]: AttributeValue } | undefined
}

/** An item, or a part of one, as DynamoDB writes it. */
export type AttributeMap = { readonly [name: string]: AttributeValue }
