/**
 * A container inside an item, linked to the one around it: the path of a value costs nothing until an error has to name
 * it.
 */
export class Place {
  private readonly around: Place | undefined
  private readonly name: string | number
  private readonly type: string | undefined
  /** How many containers are around this one. */
  readonly depth: number

  constructor(around: Place | undefined, name: string | number, type?: string) {
    this.around = around
    this.name = name
    this.type = type
    this.depth = around === undefined ? 0 : around.depth + 1
  }

  get path(): string {
    return this.around === undefined ? String(this.name) : this.around.pathOf(this.name, this.type)
  }

  /** The path of what stands under `name` in this container, and there under `type`. */
  pathOf(name: string | number, type?: string): string {
    return type === undefined ? `${this.path}.${name}` : `${this.path}.${name}.${type}`
  }
}
