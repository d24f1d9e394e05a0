/** The context that Lambda hands to a function beside the event. */
export interface FunctionContext {
  readonly awsRequestId: string
  readonly functionName: string
  readonly functionVersion: string
  readonly invokedFunctionArn: string
  readonly memoryLimitInMB: string
  readonly logGroupName: string
  readonly logStreamName: string
  callbackWaitsForEmptyEventLoop: boolean
  /** Milliseconds until the invocation counts as failed; 0 from then on. */
  getRemainingTimeInMillis(): number
}
