/** An error as `pg` gives it when the server answered with one. */
export class SqlError extends Error {
  override readonly name = 'error'
  /** The SQLSTATE. */
  readonly code: string
  readonly severity: 'ERROR' | 'FATAL'

  constructor(code: string, message: string, severity: 'ERROR' | 'FATAL' = 'ERROR') {
    super(message)
    this.code = code
    this.severity = severity
  }
}

export function abortedBefore(): SqlError {
  return new SqlError('25P02', 'current transaction is aborted, commands ignored until end of transaction block')
}

export function noSavepoint(): SqlError {
  return new SqlError('3B001', 'savepoint "tidemark" does not exist')
}

export function inOthersWay(): SqlError {
  return new SqlError('40001', 'could not serialize access due to read/write dependencies among transactions')
}

/** An error as `pg` gives it when there is no answer. */
export function brokenConnection(how: 'reset' | 'terminated' | 'not queryable' | 'refused'): Error {
  switch (how) {
    case 'reset':
      return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    case 'refused':
      return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
    case 'terminated':
      return new Error('Connection terminated unexpectedly')
    case 'not queryable':
      return new Error('Client has encountered a connection error and is not queryable')
  }
}
