/**
 * An error as the service answers it: by its name, message and further fields. `instanceof` an SDK's exception class works
 * on it, since those look at the name, `$fault` and `$metadata` only.
 */
export class ServiceError extends Error {
  override readonly name: string
  readonly $fault: 'client' | 'server'
  readonly $metadata: { readonly httpStatusCode: number }
  /** Present where the service puts an item or reasons into its error. */
  declare readonly Item?: object
  declare readonly CancellationReasons?: readonly object[]

  constructor(name: string, message: string, fields: object = {}) {
    super(message)
    this.name = name
    this.$fault = name === 'InternalServerError' ? 'server' : 'client'
    this.$metadata = { httpStatusCode: this.$fault === 'server' ? 500 : 400 }
    Object.assign(this, fields)
  }
}

/** The service's answer to a request that it can't make sense of. */
export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', message)
}
