import type { IncomingHttpHeaders } from 'node:http'
import { isDataOperation } from '../database.ts'
import { type Engine, isStreamOperation } from '../engine.ts'
import { ServiceError } from '../service-error.ts'
import { readRequest, writeAnswer } from './wire.ts'

/** What goes back for a request. */
export interface Answer {
  readonly status: number
  readonly body: string
}

const target = /^(DynamoDB|DynamoDBStreams)_20120810\.(\w+)$/

/** Answers one request of either service. Never throws. */
export function answer(engine: Engine, headers: IncomingHttpHeaders, url: string, body: string): Answer {
  try {
    const operation = operationIn(headers['x-amz-target'])
    assertSigned(headers, url)
    return { status: 200, body: writeAnswer(engine.execute(operation, readRequest(body))) }
  } catch (error) {
    return refuse(error instanceof ServiceError ? error : brokenBy(error))
  }
}

/** An error as the services write it. */
function refuse(error: ServiceError): Answer {
  const { name, message, Item, CancellationReasons, $metadata } = error
  const fields = { ...(Item && { Item }), ...(CancellationReasons && { CancellationReasons }) }
  return {
    status: $metadata.httpStatusCode,
    body: writeAnswer({ __type: `${shapeOf(name)}#${name}`, message, ...fields }),
  }
}

function operationIn(header: string | string[] | undefined): string {
  const [, service, operation = ''] = target.exec(String(header)) ?? []
  const isKnown = service === 'DynamoDB' ? isDataOperation(operation) : isStreamOperation(operation)
  if (isKnown && service !== undefined) return operation
  throw new ServiceError('UnknownOperationException', `There is no operation ${String(header)}, or it is not simulated`)
}

function assertSigned(headers: IncomingHttpHeaders, url: string): void {
  if (headers.authorization !== undefined || url.includes('X-Amz-Signature=')) return
  throw new ServiceError(
    'MissingAuthenticationTokenException',
    'Request must contain either a valid (registered) AWS access key ID or X.509 certificate.',
  )
}

// A bug of the engine's own: as much about it as helps to report it.
function brokenBy(error: unknown): ServiceError {
  return new ServiceError(
    'InternalServerError',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  )
}

const ofFramework = ['UnknownOperationException', 'SerializationException', 'MissingAuthenticationTokenException']

function shapeOf(name: string): string {
  if (name === 'ValidationException') return 'com.amazon.coral.validate'
  if (name === 'ThrottlingException') return 'com.amazon.coral.availability'
  return ofFramework.includes(name) ? 'com.amazon.coral.service' : 'com.amazonaws.dynamodb.v20120810'
}
