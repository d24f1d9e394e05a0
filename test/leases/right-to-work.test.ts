import { expect, test } from 'vitest'
import { momentOf } from '../../src/internal/elapsed.ts'
import { RightToWork } from '../../src/leases/right-to-work.ts'
import { TwoClocks } from '../support/two-clocks.ts'

function given() {
  const clock = new TwoClocks()
  const right = new RightToWork({ clock, leaseDurationMs: 10_000 })
  right.renewed(momentOf(clock))
  return { clock, right }
}

test('without a heartbeat there is no right', () => {
  expect(new RightToWork({ clock: new TwoClocks(), leaseDurationMs: 10_000 }).mayWork()).toBe(false)
})

test('it lasts for 0.8 of the lease duration from when the heartbeat was sent, not from its reply', () => {
  const { clock, right } = given()
  const sentAt = momentOf(clock)
  clock.pass(3_000)
  right.renewed(sentAt)
  clock.pass(4_999)
  expect(right.mayWork()).toBe(true)
  clock.pass(1)
  expect(right.mayWork()).toBe(false)
})

test('replies out of order do not shorten it', () => {
  const { clock, right } = given()
  const first = momentOf(clock)
  clock.pass(2_000)
  right.renewed(momentOf(clock))
  right.renewed(first)
  clock.pass(7_999)
  expect(right.mayWork()).toBe(true)
})

test('time in which the machine was suspended counts', () => {
  const { clock, right } = given()
  clock.pass(1_000)
  clock.suspend(7_000)
  expect(right.mayWork()).toBe(false)
})

test('a wall clock that is set back is ignored', () => {
  const { clock, right } = given()
  clock.setBack(3_600_000)
  clock.pass(7_999)
  expect(right.mayWork()).toBe(true)
  clock.pass(1)
  expect(right.mayWork()).toBe(false)
})

test('suspension after the wall clock was set back counts too', () => {
  const { clock, right } = given()
  clock.setBack(3_600_000)
  expect(right.mayWork()).toBe(true)
  clock.suspend(8_000)
  expect(right.mayWork()).toBe(false)
})

test('many looks at clocks of different precision add nothing', () => {
  const { clock, right } = given()
  let looks = 0
  for (; looks < 79_000 && right.mayWork(); looks += 1) {
    clock.monotonicMs += 0.1
    clock.wallMs = Date.UTC(2026, 0, 1) + Math.round(clock.monotonicMs)
  }
  expect(looks).toBe(79_000)
})

test('once lapsed it stays so, whatever comes', () => {
  const { clock, right } = given()
  clock.pass(3_000)
  const sentAt = momentOf(clock)
  clock.pass(5_000)
  expect(right.mayWork()).toBe(false)
  right.renewed(sentAt)
  expect(right.mayWork()).toBe(false)
})

test('revoked, it is over before its time', () => {
  const { right } = given()
  right.revoke()
  expect(right.mayWork()).toBe(false)
})
