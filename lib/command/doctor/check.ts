/** The result of trying one thing. */
export interface CheckResult {
  readonly what: string;
  /** `warning`: it works without this, with the cost that `advice` names. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** A figure, or the reason of the failure. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** The result of a trial that did not throw. */
export type Finding = Pick<CheckResult, 'found'> & Partial<Pick<CheckResult, 'status' | 'advice'>>;

/** Tries something; an error becomes a result. */
export async function check(what: string, attempt: () => Promise<Finding>): Promise<CheckResult> {
  try {
    return { what, status: 'ok', ...(await attempt()) };
  } catch (error) {
    return {
      what,
      status: 'failed',
      found: error instanceof Error ? error.message : String(error),
    };
  }
}
