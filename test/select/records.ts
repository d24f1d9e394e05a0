import type { AttributeMap } from '../../src/record/attribute-value.ts'
import { compilePattern } from '../../src/select/compile-pattern.ts'
import type { FilterMatcher, FilterPattern } from '../../src/select/pattern.ts'
import type { RawRecord } from '../../src/source/source.ts'

/** Whether `pattern` selects `record`; a record may be any JSON object, for the language knows nothing of streams. */
export function selects(pattern: FilterPattern, record: object): boolean {
  return compilePattern(pattern).matches(record)
}

/** Whether one matcher matches the value of a field; without a value the field is not there. */
export function matches(matcher: FilterMatcher, ...value: readonly [unknown?]): boolean {
  return selects({ field: [matcher] }, value.length === 0 ? {} : { field: value[0] })
}

/** An insert of `item`, as Lambda delivers it. */
export function inserted(item: AttributeMap): RawRecord {
  return {
    eventID: '7d1c2f',
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-central-1',
    dynamodb: {
      ApproximateCreationDateTime: 1_678_831_218,
      Keys: { CustomerName: { S: 'AnyCompany Industries' } },
      NewImage: item,
      SequenceNumber: '111',
      SizeBytes: 26,
      StreamViewType: 'NEW_IMAGE',
    },
  }
}
