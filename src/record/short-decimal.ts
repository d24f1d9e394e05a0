// Below 10^15 a double holds every whole number, and 10^14 too: dividing the two rounds once, to the nearest double,
// which is what Number() does.
const maxLength = 15

const minus = 45
const point = 46
const zero = 48

/**
 * The number that a short plain decimal (`42`, `-9.99`) spells, the same that `Number` gives and always exact: nearly
 * every number in a table is one, and this is half the price. `undefined` says nothing but that it is not one of these.
 */
export function shortDecimal(text: string): number | undefined {
  const { length } = text
  const start = text.charCodeAt(0) === minus ? 1 : 0
  if (length > maxLength || length === start || text.charCodeAt(length - 1) === point) return undefined
  let whole = 0
  let scale = 0
  for (let index = start; index < length; index += 1) {
    const code = text.charCodeAt(index)
    const digit = code - zero
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit
      scale *= 10
    } else if (code === point && scale === 0 && index > start) scale = 1
    else return undefined
  }
  const size = scale === 0 ? whole : whole / scale
  return start === 0 ? size : -size
}
