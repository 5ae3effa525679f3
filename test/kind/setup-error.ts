/** A set-up problem that a person can solve: what is wrong, and what to do about it. Everything else is a bug and shows its stack. */
export class SetupError extends Error {
  readonly remedy: string | undefined

  constructor(message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupError'
    this.remedy = remedy
  }
}
