import type { AttributeMap } from '../../src/record/attribute-value.ts'

/** Items as tables have them, by what they are: the same attributes in each, other values. */
export const storedItems: { readonly [kind: string]: (index: number) => AttributeMap } = {
  'profile, 8 flat': (i) => ({
    pk: { S: `user-${i}` },
    email: { S: `user-${i}@example.com` },
    firstName: { S: 'Ann' },
    lastName: { S: 'Example' },
    visits: { N: String(i) },
    score: { N: '0.5' },
    active: { BOOL: true },
    plan: { S: 'pro' },
  }),
  'order, 12 nested': (i) => ({
    pk: { S: `ORDER#${i}` },
    sk: { S: '2024-01-01T00:00:00.000Z' },
    status: { S: 'OPEN' },
    total: { N: `${1000 + i}.25` },
    version: { N: '7' },
    createdAt: { N: String(1_704_067_200_000 + i) },
    paid: { BOOL: true },
    note: { NULL: true },
    tags: { SS: ['new', 'gift', 'eu'] },
    customer: { M: { name: { S: 'Ann Example' }, email: { S: 'ann@example.com' }, age: { N: '42' } } },
    address: { M: { street: { S: '1 High Street' }, city: { S: 'Springfield' }, zip: { S: '12345' } } },
    lines: {
      L: [
        { M: { sku: { S: 'X-1' }, quantity: { N: '2' }, price: { N: '9.99' } } },
        { M: { sku: { S: 'X-2' }, quantity: { N: '1' }, price: { N: '19.5' } } },
      ],
    },
  }),
  'reading, 20 flat': (i) => ({
    pk: { S: `sensor-${i}` },
    ...Object.fromEntries(
      Array.from({ length: 19 }, (_, k) => [`attribute${k}`, k % 3 === 0 ? { N: String(i * k) } : { S: `value ${i}` }]),
    ),
  }),
}
