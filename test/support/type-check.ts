import { resolve } from 'node:path'
import type { UserProject } from './installed.ts'

/** Type-checks all of a user's project as strictly as TypeScript can; returns its complaints, empty when there are none. */
export function typeCheck(project: UserProject, moduleResolution: 'nodenext' | 'bundler'): string {
  project.write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023', 'dom'], // `dom` because the AWS SDK's own types name Blob and ReadableStream
        module: moduleResolution === 'bundler' ? 'preserve' : 'nodenext',
        moduleResolution,
        moduleDetection: 'force',
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
      },
      include: ['*.ts'],
    }),
  )
  const { status, output } = project.run('node', resolve('node_modules/typescript/bin/tsc'), '-p', '.')
  return status === 0 ? output : `${output}tsc ended with ${status}`
}
