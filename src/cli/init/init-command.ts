import { awsOptions } from '../aws/aws-options.ts'
import { withSdk } from '../aws/sdk-missing.ts'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { nameOfTable, oneOf } from '../option-values.ts'
import { required, value } from '../options.ts'
import { initPostgresCommand } from './postgres-command.ts'

/** `tidemark init`. */
export const initCommand: Command = command({
  name: 'init',
  summary: 'Creates the table of leases, checkpoints and ledgers, or prints what would',
  description:
    'One table serves all consumers: keys pk and sk, on-demand capacity, time to live on expiresAt. A table that is there ' +
    'already is checked and given time to live, nothing else.',
  options: {
    tableName: required('NAME', 'How the table is called', nameOfTable, 'tidemark'),
    print: value(
      'WHAT',
      'Create nothing; print it for cloudformation or terraform, or the iam policy of workers, ledgers and these commands',
      oneOf('cloudformation', 'terraform', 'iam'),
    ),
    ...awsOptions,
  },
  commands: [initPostgresCommand],
  async run({ tableName, print, ...aws }) {
    if (print === undefined) {
      const { init } = await withSdk(import('./dynamodb-init.ts'))
      return init(tableName, aws)
    }
    const { templates } = await import('./templates.ts')
    console.log(templates[print](tableName))
    return exitCodes.ok
  },
})
