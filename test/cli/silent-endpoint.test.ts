import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { connect } from '../../src/cli/aws/dynamodb-connection.ts'
import { failureText } from '../../src/cli/failure-text.ts'

afterEach(() => vi.unstubAllEnvs())

test('an address that accepts a request and never answers is told, and not waited for', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) vi.stubEnv(name, 'local')
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = { endpointUrl, region: undefined, profile: undefined }
  const connection = await connect(options, { connectionTimeout: 1_000, requestTimeout: 50 })
  const error: unknown = await connection.dynamodb.send(new ListTablesCommand()).catch((thrown: unknown) => thrown)
  expect(failureText(error)).toMatch(/^tidemark: nothing answers.*: check --endpoint-url/)
  await connection.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})
