/** What `tidemark leases --help` says. */
export const leasesHelp = `tidemark leases import|export --kcl-table NAME --table NAME --consumer NAME [options]

  import    Takes over where a fleet on KCL (amazon-kinesis-client with dynamodb-streams-kinesis-adapter)
            stopped: reads its lease table and creates this consumer's leases and checkpoints
  export    The way back: writes this consumer's progress into KCL's lease table

  Stop the fleet that works first. Both are watched for 15 seconds, and while anybody is alive nothing is done.
  Without --apply the plan is shown and nothing is changed.

    --kcl-table NAME           KCL's lease table: its applicationName
    --table NAME               The table whose changes are consumed; its latest stream is meant
    --consumer NAME            The name given to createConsumer
    --coordination-table NAME  Where this consumer's leases are (tidemark)
    --apply                    Do it
    --multi-stream             export: KCL's application consumes several streams (as the rows there are)
    --observe TIME             How long both are watched (15s); 1.5 times KCL's failoverTimeMillis, if you changed that
    --json                     The plan as one JSON object
    --region NAME              --profile NAME              --endpoint-url URL
    --help                     This text

Exit codes: 0 planned or done, 1 refused or failed, 2 the command line is wrong.
`

/** What is printed below a complaint about the command line. */
export const leasesUsage = `  tidemark leases import --kcl-table orders-app --table orders --consumer receipts [--apply]
  tidemark leases export --kcl-table orders-app --table orders --consumer receipts [--apply]
  tidemark leases --help says more
`
