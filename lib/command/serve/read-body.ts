import type { IncomingMessage, ServerResponse } from 'node:http';

import type { BodyMemory } from './body-memory.js';
import { tooLarge } from './request-error.js';

/** A request whose body is wanted. */
export interface BodyRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly memory: BodyMemory;
  /** The largest body. */
  readonly mostBytes: number;
}

/**
 * Reads a whole body.
 *
 * @throws RequestError 413 for a body of more than `mostBytes`, as soon as its size shows; 429 if
 *   memory is full
 */
export async function readBody({ memory, mostBytes, ...exchange }: BodyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of receive(exchange, mostBytes, 'the body')) {
      memory.take(chunk.length);
      bytes += chunk.length;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  } finally {
    memory.give(bytes);
  }
}

/**
 * Yields the chunks of a body. A client that waits for permission to send it (RFC 9110, section
 * 10.1.1) gets that first. The rest of a body that is not read to its end is received and dropped, so
 * that the client can read the answer.
 *
 * @throws RequestError 413 for a body of more than `mostBytes`
 */
export async function* receive(
  { request, response }: Pick<BodyRequest, 'request' | 'response'>,
  mostBytes: number,
  what: string,
): AsyncGenerator<Buffer> {
  const { 'content-length': length = 0, expect } = request.headers;
  if (Number(length) > mostBytes) throw tooLarge(what, mostBytes);
  // A client of HTTP/1.0 would take it for the answer.
  if (expect !== undefined && request.httpVersion !== '1.0') response.writeContinue();
  let bytes = 0;
  try {
    // Destroying the request would close the connection before the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw tooLarge(what, mostBytes);
      yield chunk;
    }
  } finally {
    request.resume();
  }
}
