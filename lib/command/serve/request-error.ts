import { ArchiveError, BacklogFullError, RecordError, SpoolFullError } from '../../index.js';

/** A request whose answer is an error, with the status and its text. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A client that comes when memory is full may try again after so many seconds. */
const FULL_SECONDS = 1;

/** A client whose record could not be archived may try again after so many seconds. */
const UNAVAILABLE_SECONDS = 5;

export function tooLarge(what: string, mostBytes: number): RequestError {
  return new RequestError(413, `${what} has more than ${mostBytes} bytes`);
}

export function memoryFull(): RequestError {
  return new RequestError(429, 'too much waits already', { 'Retry-After': String(FULL_SECONDS) });
}

export function unavailable(message: string): RequestError {
  return new RequestError(503, message, { 'Retry-After': String(UNAVAILABLE_SECONDS) });
}

/** The answer to a request that a writer, or the reading of its body, has failed. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof BacklogFullError || error instanceof SpoolFullError) return memoryFull();
  if (error instanceof RecordError) return new RequestError(400, error.message);
  const isKnown = error instanceof ArchiveError || error instanceof Error;
  return unavailable(isKnown ? error.message : String(error));
}
