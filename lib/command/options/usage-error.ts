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
    throw toUsageError(error);
  }
}

/** As `checkUsage`, for a function that has begun already. */
export async function checkUsageOf<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw toUsageError(error);
  }
}

function toUsageError(error: unknown): unknown {
  const isMisuse = error instanceof TypeError || error instanceof RangeError;
  return isMisuse ? new UsageError(error.message) : error;
}
