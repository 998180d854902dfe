/** The command was called wrongly: it says how to call it, and exits with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
