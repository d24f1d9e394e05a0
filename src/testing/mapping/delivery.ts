import { readResponse, stateOf } from './batch-response.ts'
import { discard, type GivenUp } from './discard.ts'
import { eventJson } from './envelope.ts'
import { type Invocation, invoke } from './invoker.ts'
import type { MappedRecord } from './mapped-record.ts'
import type { ResolvedMappingOptions } from './options.ts'
import { afterInvocation, type Batch, expiredCount, retryDelayMs } from './retry-policy.ts'
import type { Tally } from './statistics.ts'
import type { WindowFrame } from './tumbling-window.ts'

/** What a delivery tells and asks while it goes on. */
export interface DeliveryPorts {
  /** The front of the queue moves on: these many records are done with, for good. */
  settle(count: number): void
  /** What stands beside the records, when the shard has a window; asked for each invocation, since the state moves on. */
  frame(): WindowFrame | undefined
  /** The function gave this state. */
  keepState(state: unknown): void
}

/**
 * Delivers records, in order, until each is done with: handled, or given up and taken by the destination. Returns early
 * when `stopped` aborts; what `settle` was not told of then comes again.
 */
export class Delivery {
  readonly #shardId: string
  readonly #options: ResolvedMappingOptions
  readonly #tally: Tally
  readonly #ports: DeliveryPorts

  constructor(shardId: string, options: ResolvedMappingOptions, tally: Tally, ports: DeliveryPorts) {
    this.#shardId = shardId
    this.#options = options
    this.#tally = tally
    this.#ports = ports
  }

  async deliver(records: readonly MappedRecord[], stopped: AbortSignal): Promise<void> {
    let work: readonly Batch<MappedRecord>[] = [{ records, failures: 0 }]
    while (!stopped.aborted) {
      const [batch, ...later] = work
      if (batch === undefined) return
      const again = await this.#step(batch, stopped)
      work = [...again, ...later]
    }
  }

  /** The end of a window. Nothing goes on before the function has taken it, so it is tried without limit. */
  async closeWindow(stopped: AbortSignal): Promise<boolean> {
    for (let failures = 1; !stopped.aborted; failures++) {
      const invocation = await this.#invoke([])
      if (this.#outcome(invocation, []).status === 'succeeded') return true
      await this.#pause(failures, stopped)
    }
    return false
  }

  async #step(batch: Batch<MappedRecord>, stopped: AbortSignal): Promise<readonly Batch<MappedRecord>[]> {
    const expired = expiredCount(batch, this.#options.clock.now(), this.#options)
    if (expired > 0) return await this.#expire(batch, expired, stopped)
    const invocation = await this.#invoke(batch.records)
    const outcome = this.#outcome(invocation, batch.records)
    if (outcome.status !== 'failed') this.#ports.keepState(stateOf(answerOf(invocation)))
    const { settled, again, exhausted } = afterInvocation(batch, outcome, this.#options)
    this.#tally.failedInvokeEventCount += batch.records.length - settled
    this.#ports.settle(settled)
    if (exhausted) {
      const invokeCount = batch.failures + 1
      await this.#giveUp(
        { records: batch.records, condition: 'RetryAttemptsExhausted', invokeCount, invocation },
        stopped,
      )
    }
    const [next] = again
    if (next !== undefined) await this.#pause(next.failures, stopped)
    return again
  }

  async #expire(
    batch: Batch<MappedRecord>,
    count: number,
    stopped: AbortSignal,
  ): Promise<readonly Batch<MappedRecord>[]> {
    const records = batch.records.slice(0, count)
    const invokeCount = batch.failures
    await this.#giveUp({ records, condition: 'RecordAgeExceeded', invokeCount, invocation: undefined }, stopped)
    return count === batch.records.length ? [] : [{ records: batch.records.slice(count), failures: 0 }]
  }

  // Settled only after the destination has taken them: the other way round, stopping between the two would lose them.
  async #giveUp(givenUp: GivenUp, stopped: AbortSignal): Promise<void> {
    const taken = await discard(givenUp, this.#shardId, this.#options, this.#tally, stopped)
    if (taken) this.#ports.settle(givenUp.records.length)
  }

  async #invoke(records: readonly MappedRecord[]): Promise<Invocation> {
    this.#tally.invocationCount++
    this.#tally.invokedEventCount += records.length
    const invocation = await invoke(this.#options, eventJson(records, this.#ports.frame()))
    if (invocation.status === 'error') {
      this.#tally.functionErrorCount++
      this.#tally.lastError = invocation.error
    }
    return invocation
  }

  #outcome(invocation: Invocation, records: readonly MappedRecord[]): ReturnType<typeof readResponse> {
    if (invocation.status === 'error') return { status: 'failed' }
    const numbers = records.map(({ sequenceNumber }) => sequenceNumber)
    return readResponse(invocation.response, numbers, {
      reportsFailures: this.#options.functionResponseTypes.includes('ReportBatchItemFailures'),
      carriesState: this.#options.tumblingWindowInSeconds > 0,
    })
  }

  async #pause(failures: number, stopped: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    await clock.sleep(retryDelayMs(failures, this.#options.retryDelayMs, random.next()), stopped)
  }
}

function answerOf(invocation: Invocation): unknown {
  return invocation.status === 'answered' ? invocation.response : undefined
}
