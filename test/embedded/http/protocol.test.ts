import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createEmbeddedDynamoDB } from '../../../src/testing.ts'
import { thingsTable } from '../new-database.ts'
import { serve } from './server.ts'

const type = 'application/x-amz-json-1.0'

/** A server, and a client of it that is nobody's SDK. */
async function raw() {
  const { server } = await serve()
  return async (
    target: string,
    body: unknown,
    headers: Record<string, string> = { authorization: 'AWS4-HMAC-SHA256' },
  ) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(server.endpoint, {
      method: 'POST',
      headers: { 'content-type': type, 'x-amz-target': target, ...headers },
      body: text,
    })
    const answer = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text: answer,
      body: JSON.parse(answer || '{}') as unknown,
    }
  }
}

describe('JSON 1.0 by hand', () => {
  test('binary is base64 both ways, times are seconds, headers say what they must', async () => {
    const call = await raw()
    const created = await call('DynamoDB_20120810.CreateTable', thingsTable)
    expect(created.status).toBe(200)
    const { TableDescription } = created.body as { TableDescription: { CreationDateTime: number } }
    expect(Math.abs(TableDescription.CreationDateTime - Date.now() / 1_000)).toBeLessThan(60)
    expect(created.headers.get('content-type')).toBe(type)
    expect(created.headers.get('x-amz-crc32')).toBe(String(crc32(created.text)))
    expect(created.headers.get('x-amzn-requestid')).toMatch(/./)
    const Item = { pk: { S: 'ä' }, b: { B: 'AAH+/w==' }, bs: { BS: ['AQ==', 'AgM='] } }
    await call('DynamoDB_20120810.PutItem', { TableName: 'things', Item })
    const found = await call('DynamoDB_20120810.GetItem', { TableName: 'things', Key: { pk: { S: 'ä' } } })
    expect(found.body).toEqual({ Item })
  })

  test('both services have their own operations', async () => {
    const call = await raw()
    expect((await call('DynamoDBStreams_20120810.ListStreams', {})).body).toEqual({ Streams: [] })
    for (const target of [
      'DynamoDB_20120810.ListStreams',
      'DynamoDBStreams_20120810.ListTables',
      'Other.ListTables',
      '',
    ])
      expect(await call(target, {})).toMatchObject({
        status: 400,
        body: { __type: 'com.amazon.coral.service#UnknownOperationException' },
      })
  })

  test('what is no JSON object, no base64 or of a wrong type is a SerializationException', async () => {
    const call = await raw()
    await call('DynamoDB_20120810.CreateTable', thingsTable)
    const item = (value: unknown) => ({ TableName: 'things', Item: { pk: { S: 'a' }, value } })
    for (const body of ['{', '', '[]', '"text"', 'null', item({ B: 'not base64' }), item({ B: 1 }), item({ S: 1 })])
      expect(await call('DynamoDB_20120810.PutItem', body)).toMatchObject({
        status: 400,
        body: { __type: 'com.amazon.coral.service#SerializationException' },
      })
  })

  test('errors have the types that the service gives them', async () => {
    const call = await raw()
    await call('DynamoDB_20120810.CreateTable', thingsTable)
    const put = { TableName: 'things', Item: { pk: { S: 'a' } }, ConditionExpression: 'attribute_exists(pk)' }
    expect(await call('DynamoDB_20120810.PutItem', put)).toMatchObject({
      status: 400,
      body: {
        __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
        message: 'The conditional request failed',
      },
    })
    expect(await call('DynamoDB_20120810.PutItem', { TableName: 'things' })).toMatchObject({
      status: 400,
      body: { __type: 'com.amazon.coral.validate#ValidationException' },
    })
  })

  test('who does not sign is refused, whoever signs is believed', async () => {
    const call = await raw()
    expect(await call('DynamoDB_20120810.ListTables', {}, {})).toMatchObject({
      status: 400,
      body: { __type: 'com.amazon.coral.service#MissingAuthenticationTokenException' },
    })
    expect((await call('DynamoDB_20120810.ListTables', {}, { authorization: 'anything' })).status).toBe(200)
  })

  test('a request above 16 MB is refused', async () => {
    const call = await raw()
    expect((await call('DynamoDB_20120810.PutItem', ' '.repeat(16 * 1024 * 1024 + 1))).status).toBe(413)
  })
})

describe('the port', () => {
  test('a GET tells whether it is there; closing frees it and can be repeated', async () => {
    const embedded = createEmbeddedDynamoDB()
    const server = await embedded.listen()
    expect((await fetch(server.endpoint)).status).toBe(200)
    await server.close()
    await server.close()
    await expect(fetch(server.endpoint)).rejects.toThrow()
    const again = await embedded.listen({ port: server.port })
    expect(again.port).toBe(server.port)
    await embedded.close()
    await embedded.close()
    await expect(fetch(again.endpoint)).rejects.toThrow()
  })

  test('a port that is taken, or another interface, is a ConfigurationError', async () => {
    const { embedded, server } = await serve()
    await expect(embedded.listen({ port: server.port })).rejects.toThrow(`port ${server.port} can't be had`)
    await expect(embedded.listen({ host: '0.0.0.0' as never })).rejects.toThrow("host must be '127.0.0.1'")
  })
})
