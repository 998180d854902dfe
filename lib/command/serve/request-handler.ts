import type { IncomingMessage, ServerResponse } from 'node:http';

import type { AnyWriter } from '../options/writer-options.js';
import type { Acknowledger } from './acknowledger.js';
import { answerBatch } from './answer-batch.js';
import { createAuthorizer } from './authorize.js';
import type { BodyMemory } from './body-memory.js';
import { describePlace } from './describe-place.js';
import { readBody } from './read-body.js';
import { targetOf } from './record-of-request.js';
import { RequestError, toRequestError } from './request-error.js';

export interface HandlerOptions {
  readonly writer: AnyWriter;
  readonly acknowledger: Acknowledger;
  readonly token: string | undefined;
  /** The largest payload: a body, or a line of a batch. */
  readonly mostBodyBytes: number;
  readonly mostBatchBytes: number;
  readonly memory: BodyMemory;
  /** The text of `/metrics`. */
  readonly metrics: () => string;
}

const NDJSON = /^application\/(?:x-)?ndjson\s*(?:;|$)/i;

/** Answers requests: posted records, `/healthz` and `/metrics`. */
export function createRequestHandler(
  options: HandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { acknowledger, memory, mostBatchBytes, mostBodyBytes, writer } = options;
  const isAuthorized = createAuthorizer(options.token);
  return async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      refuse(request, response, toRequestError(error));
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request);
    if (target?.path === 'healthz') return answerHealth(request, response);
    if (!isAuthorized(request)) {
      throw new RequestError(401, 'the token is missing or wrong', {
        'WWW-Authenticate': 'Bearer',
      });
    }
    if (target === null) {
      throw new RequestError(400, 'the path, the query or a header is malformed, or not UTF-8');
    }
    if (target.path === 'metrics') return answerMetrics(request, response);
    if (target.path === undefined) throw new RequestError(404, 'there is no such path');
    allow(request, 'POST');
    if (request.headers['content-encoding'] !== undefined) {
      throw new RequestError(415, 'the body has a Content-Encoding, expected none');
    }
    if (!/^(?:chunked)?$/i.test(request.headers['transfer-encoding'] ?? '')) {
      throw new RequestError(501, 'the body has a Transfer-Encoding, expected chunked or none');
    }
    const { metadata, time } = target;
    const exchange = { request, response, memory };
    if (NDJSON.test(request.headers['content-type'] ?? '')) {
      const body = { ...exchange, mostBytes: mostBatchBytes };
      const batch = { writer, acknowledger, metadata, time, mostLineBytes: mostBodyBytes };
      return await answerBatch(body, batch);
    }
    const payload = await readBody({ ...exchange, mostBytes: mostBodyBytes });
    const place = await acknowledger.settle(writer.append({ payload, metadata, time }));
    sendJson(response, 200, describePlace(writer, place));
  }

  function answerHealth(request: IncomingMessage, response: ServerResponse): void {
    allow(request, 'GET, HEAD');
    const { stalled } = writer.stats();
    if (stalled === null) {
      sendJson(response, 200, { status: 'ok' });
      return;
    }
    const error = `${stalled.operation} of ${stalled.archive ?? 'the directory'} fails`;
    sendJson(response, 503, { status: 'stalled', error });
  }

  function answerMetrics(request: IncomingMessage, response: ServerResponse): void {
    allow(request, 'GET, HEAD');
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(options.metrics());
  }
}

function allow({ method }: IncomingMessage, methods: string): void {
  if (!methods.split(', ').includes(method ?? '')) {
    throw new RequestError(405, `the method is ${method}, expected ${methods}`, { Allow: methods });
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { headers, message, status }: RequestError,
): void {
  // The client has gone, or has got a part of the answer.
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) receiveRest(request, response);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  sendJson(response, status, { error: message });
}

/**
 * Receives the rest of a body, and drops it. Closing the connection at once would reset it, and a
 * client that sends everything before it reads would never get the answer.
 */
function receiveRest(request: IncomingMessage, response: ServerResponse): void {
  const isLast = !response.shouldKeepAlive;
  response.shouldKeepAlive = true;
  if (isLast) request.once('end', () => request.socket.end());
  request.resume();
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
