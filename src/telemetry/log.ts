/** Where log lines go. Powertools' Logger, `console` and most others fit as they are. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** What a log line says beside its message. */
export type LogFields = { readonly [name: string]: unknown }

/** A logger that adds `fields` to every line; they are computed at the first line, since most records never write one. */
export function withFields(logger: Logger, fields: () => LogFields): Logger {
  let known: LogFields | undefined
  const all = (more?: LogFields): LogFields => ({ ...(known ??= fields()), ...more })
  return {
    debug: (message, more) => logger.debug(message, all(more)),
    info: (message, more) => logger.info(message, all(more)),
    warn: (message, more) => logger.warn(message, all(more)),
    error: (message, more) => logger.error(message, all(more)),
  }
}

/** A logger that writes nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
