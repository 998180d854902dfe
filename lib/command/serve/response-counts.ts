import type { ServerResponse } from 'node:http';

/** The codes with which the service answers. */
const CODES: readonly number[] = [200, 400, 401, 404, 405, 413, 415, 429, 501, 503];

/** Counts answers by their status code. */
export class ResponseCounts {
  /** Those that did not occur are there as well: a rate needs a first value. */
  readonly #counts = new Map(CODES.map((code) => [code, 0]));

  /** Counts the answer once it was sent. */
  watch(response: ServerResponse): void {
    response.once('finish', () => {
      const { statusCode } = response;
      this.#counts.set(statusCode, (this.#counts.get(statusCode) ?? 0) + 1);
    });
  }

  get byCode(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
