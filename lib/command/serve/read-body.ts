import type { IncomingMessage } from 'node:http';

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

/**
 * Reads a whole body.
 *
 * @throws RequestError 413 for a body of more than `mostBytes`, as soon as its size shows
 */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  checkLength(request, mostBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge('the body', mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** @throws RequestError 413 if the header says that the body is too large */
export function checkLength({ headers }: IncomingMessage, mostBytes: number): void {
  if (Number(headers['content-length'] ?? 0) > mostBytes) throw tooLarge('the body', mostBytes);
}

export function tooLarge(what: string, mostBytes: number): RequestError {
  // The rest of the body is not read, so the connection cannot be used again.
  return new RequestError(413, `${what} has more than ${mostBytes} bytes`, { Connection: 'close' });
}
