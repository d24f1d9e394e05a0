import { ServiceError } from '../service-error.ts'
import { KeyMismatch } from '../table/key-rules.ts'

/** Why one action of a transaction could not be done. */
export interface CancellationReason {
  readonly Code: string
  readonly Message?: string
  readonly Item?: object
}

/** The reason of an action that was not the cause. */
export const noReason: CancellationReason = { Code: 'None' }

/** What was planned, or the reason to cancel: the key is not one of the table. */
export function plannedOrMismatch<Planned>(attempt: () => Planned): Planned | CancellationReason {
  try {
    return attempt()
  } catch (error) {
    if (!(error instanceof KeyMismatch)) throw error
    return { Code: 'ValidationError', Message: error.message }
  }
}

export function cancelled(reasons: readonly CancellationReason[]): ServiceError {
  const codes = reasons.map(({ Code }) => Code).join(', ')
  return new ServiceError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  )
}
