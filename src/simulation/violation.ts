/** Something that must never be. */
export interface Violation {
  /** By the number in the list of invariants (docs/simulation.md). */
  readonly invariant: Invariant
  readonly message: string
}

/** What is judged. Each world judges those that have a meaning in it. */
export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I12'
  | 'balance'
  | 'honesty'
  | 'deadline'
  | 'window'
  | 'pause'
  | 'replay'
  | 'defect'
