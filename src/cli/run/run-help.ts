/** What `tidemark run --help` says. */
export const runHelp = `tidemark run MODULE --table NAME [options]

  Runs the consumer that MODULE exports (any export made by createConsumer, or several) as a
  worker: reads the table's stream, checkpoints, and shares the shards with every other process
  that runs the same. Start it as often as you like, anywhere; stop it with Ctrl+C.

    tidemark run ./consumer.ts --table orders --embedded --seed 100     Try it: nothing else is needed
    tidemark run ./consumer.ts --table orders --create-table            On AWS, for the first time

  What to run
    --table NAME               A table with a stream; may be repeated
    --start WHERE              trim-horizon: the oldest change there is (the default); latest: from now on.
                               Counts when the consumer first meets the table; then its checkpoint does
    --on-gap WHAT              When changes were lost before they could be read: halt that shard (the
                               default), or continue behind them
    --worker-name NAME         How this process is called among the others (host name and process id)
    --lease-duration TIME      How long a process may be silent before others take its shards (10s)

  Where the leases and checkpoints are
    --coordination-table NAME  One table for all consumers; it can be the ledger's (tidemark)
    --create-table             Create it when it is missing

  Which DynamoDB, as in the AWS CLI; AWS_REGION, AWS_PROFILE and so on count too
    --region NAME              --profile NAME              --endpoint-url URL

  Or one in this process, for development
    --embedded                 Start it, and create the tables that are missing
    --port N                   The port at which other programs find it (a free one)
    --persist FILE             Keep its state in a file (memory only)
    --seed N                   Put N sample items into each table

  Output
    --json                     One JSON object a line
    --help                     This text

MODULE in TypeScript needs Node.js 22.18 or newer, or tsx in your project (npm i -D tsx).

Exit codes: 0 stopped as asked, 1 something is wrong, 2 the command line is wrong, 130 stopped at once by a second signal.
`

/** What is printed below a complaint. */
export const runUsage = `Usage: tidemark run MODULE --table NAME [options]
       tidemark run --help says more.

Exit codes: 0 stopped as asked, 1 something is wrong, 2 the command line is wrong.`
