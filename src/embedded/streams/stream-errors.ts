import { ServiceError } from '../service-error.ts'

export function notFound(what: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', `Requested resource not found: ${what}`)
}

export function streamNotFound(streamArn: string): ServiceError {
  return notFound(`Stream: ${streamArn} not found`)
}

export function trimmedDataAccess(): ServiceError {
  return new ServiceError('TrimmedDataAccessException', 'The data you are trying to access has been trimmed')
}

export function expiredIterator(): ServiceError {
  return new ServiceError(
    'ExpiredIteratorException',
    'The shard iterator has expired and can no longer be used to retrieve stream records',
  )
}
