import type { StreamEvent } from '../../testing.ts'
import { folder } from './environment.ts'
import { MailService } from './mailbox.ts'

const mail = new MailService(folder, 'plain')

/** The handler that everyone writes first: INSERT means a new message, so send its receipt. */
export async function handler(event: StreamEvent): Promise<void> {
  for (const { eventName, dynamodb } of event.Records) {
    if (eventName !== 'INSERT') continue
    // Of what the table says it holds nothing is checked, as in most first handlers.
    const { id, total } = (dynamodb?.NewImage ?? {}) as { readonly id: { S: string }; readonly total: { N: string } }
    const message = { id: id.S, total: Number(total.N) }
    await mail.send({ message, sequenceNumber: dynamodb?.SequenceNumber ?? '' })
  }
}
