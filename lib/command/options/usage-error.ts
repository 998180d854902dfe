/** The command was called wrongly: it says how to call it, and exits with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs `create`, whose options come from the user.
 *
 * @throws UsageError for options that the library refuses
 */
export function checkUsage<Result>(create: () => Result): Result {
  try {
    return create();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}
