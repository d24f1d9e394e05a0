/** What the demo tells its functions, which run in processes of their own. */
export interface DemoEnvironment {
  /** Where mailboxes and meters are. */
  readonly DEMO_FOLDER: string
  readonly DEMO_ENDPOINT: string
  readonly DEMO_LEDGER_TABLE: string
}

function read(name: keyof DemoEnvironment): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`this module is a function of the demo, which sets ${name}`)
  return value
}

export const folder: string = read('DEMO_FOLDER')
export const endpoint: string = read('DEMO_ENDPOINT')
export const ledgerTable: string = read('DEMO_LEDGER_TABLE')
