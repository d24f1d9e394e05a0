/** A client of DynamoDB Streams: the SDK's `DynamoDBStreamsClient`, or anything that answers the same commands. */
export interface StreamsClient {
  send(command: object): Promise<unknown>
}
