import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import {
  ArchiveError,
  type ArchiveWriter,
  BacklogFullError,
  type Receipt,
  RecordError,
  type RecordPlace,
  SpoolFullError,
} from '../../index.js';
import { createAuthorizer } from './authorize.js';
import { RequestError, readBody } from './read-body.js';
import { type BatchLine, readLines } from './read-lines.js';
import { type RequestTarget, targetOf } from './record-of-request.js';

/** How safe a record must be before its request is answered. */
export type AckLevel = 'written' | 'synced' | 'shipped';

export interface HandlerOptions {
  readonly writer: ArchiveWriter;
  readonly ack: AckLevel;
  readonly token: string | undefined;
  /** The largest payload: a body, or a line of a batch. */
  readonly mostBodyBytes: number;
  readonly mostBatchBytes: number;
  /** The text of `/metrics`. */
  readonly metrics: () => string;
}

/** A client that was refused may try again after so many seconds. */
const RETRY_AFTER_SECONDS = '1';

const NDJSON = /^application\/(?:x-)?ndjson\s*(?:;|$)/i;

/** Results of a batch wait for their receipts, at most so many at a time. */
const MOST_PENDING_LINES = 1024;

/** Answers requests: posted records, `/healthz` and `/metrics`. */
export function createRequestHandler(
  options: HandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const isAuthorized = createAuthorizer(options.token);
  return async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      refuse(response, error);
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request);
    if (target === null) throw new RequestError(400, 'the path is malformed');
    if (target.path === 'healthz') return answerHealth(request, response);
    if (!isAuthorized(request)) {
      throw new RequestError(401, 'the token is missing or wrong', {
        'WWW-Authenticate': 'Bearer',
      });
    }
    if (target.path === 'metrics') return answerMetrics(request, response);
    if (target.path === undefined) throw new RequestError(404, 'there is no such path');
    allow(request, 'POST');
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new RequestError(415, 'the body has a Content-Encoding, expected none');
    }
    if (NDJSON.test(request.headers['content-type'] ?? '')) {
      return await answerBatch(request, response, target);
    }
    const payload = await readBody(request, options.mostBodyBytes);
    const { metadata, time } = target;
    const place = await options.writer.append({ payload, metadata, time })[options.ack];
    sendJson(response, 200, { writer: options.writer.writer, sequence: place.sequence });
  }

  function answerHealth(request: IncomingMessage, response: ServerResponse): void {
    allow(request, 'GET, HEAD');
    const { stalled } = options.writer.stats();
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

  /** Answers each line in order, once its record is safe. */
  async function answerBatch(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
  ): Promise<void> {
    const limits = {
      mostLineBytes: options.mostBodyBytes,
      mostBytes: options.mostBatchBytes,
    };
    // Sent with the first result. An error before it has a status and a type of its own.
    response.setHeader('Content-Type', 'application/x-ndjson');
    const results: Promise<object>[] = [];
    let line = 0;
    const send = async (keep: number) => {
      while (results.length > keep) {
        const result = await results.shift();
        if (response.write(`${JSON.stringify(result)}\n`)) continue;
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    };
    for await (const payload of readLines(request, limits)) {
      line++;
      results.push(appendLine(line, payload, target));
      await options.writer.ready();
      await send(MOST_PENDING_LINES);
    }
    await send(0);
    response.end();
  }

  function appendLine(
    line: number,
    payload: BatchLine,
    { metadata, time }: RequestTarget,
  ): Promise<object> {
    const fault = faultOf(payload, options.mostBodyBytes);
    if (payload === null || fault !== undefined) return Promise.resolve({ line, error: fault });
    let receipt: Receipt;
    try {
      receipt = options.writer.append({ payload, metadata, time });
    } catch (error) {
      return Promise.resolve({ line, error: messageOf(error) });
    }
    return receipt[options.ack].then(
      ({ sequence }: RecordPlace) => ({ line, writer: options.writer.writer, sequence }),
      (error: unknown) => ({ line, error: messageOf(error) }),
    );
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function faultOf(line: BatchLine, mostBytes: number): string | undefined {
  if (line === null) return `the line has more than ${mostBytes} bytes`;
  try {
    JSON.parse(UTF8.decode(line));
    return undefined;
  } catch (error) {
    return error instanceof SyntaxError
      ? `the line is no JSON: ${error.message}`
      : 'the line is not UTF-8';
  }
}

function allow({ method }: IncomingMessage, methods: string): void {
  if (!methods.split(', ').includes(method ?? '')) {
    throw new RequestError(405, `the method is ${method}, expected ${methods}`, { Allow: methods });
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  // The client has gone, or has got a part of the answer.
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof RequestError) {
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    sendJson(response, error.status, { error: error.message });
    return;
  }
  const isFull = error instanceof BacklogFullError || error instanceof SpoolFullError;
  if (isFull) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  const status = isFull ? 429 : error instanceof RecordError ? 400 : 503;
  sendJson(response, status, { error: messageOf(error) });
}

function messageOf(error: unknown): string {
  if (error instanceof ArchiveError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
