import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'

/** A process that runs a Lambda function as the service would. */
export interface FunctionProcess {
  stop(): Promise<void>
}

/** Bundles `handler.ts` with everything it imports, as one deploys it, and starts it in Lambda's own runtime client. */
export async function startFunction(
  client: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  await build({
    entryPoints: [join(import.meta.dirname, 'handler.ts')],
    outfile: join(folder, 'handler.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  })
  const child = spawn(process.execPath, [client, 'handler.handler'], {
    cwd: folder,
    stdio: 'inherit',
    env: {
      ...process.env,
      AWS_LAMBDA_FUNCTION_NAME: 'check',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'handler.handler',
      ...environment,
    },
  })
  return {
    stop: async () => {
      const gone = once(child, 'exit')
      if (child.exitCode === null && child.kill('SIGKILL')) await gone
    },
  }
}
