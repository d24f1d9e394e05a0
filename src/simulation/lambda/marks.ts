import type { BankMark } from '../bank/bank-marks.ts'
import { commonMarks } from '../marks.ts'
import type { ParkingMark } from '../parking/parking-marks.ts'

const own = [
  'environment killed',
  'environment killed between an effect and its mark',
  'environment paused',
  'environment paused past its deadline',
  'invocation timed out',
  'answer partial',
  'answer at the deadline',
  'environment thawed with work left over',
  'claim held by another',
  'claim uncertain',
  'claim found to be ours',
  'record given up',
  'record too old',
  'window closed',
  'record undecodable',
  'operator decides',
] as const

/** What only the world of Lambda has. */
export type LambdaMark = (typeof own)[number] | BankMark | ParkingMark

export const lambdaMarks: readonly string[] = [...commonMarks, ...own]
