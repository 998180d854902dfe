import type { IncomingMessage, ServerResponse } from 'node:http';

import { escapeName } from '../output/escape-name.js';
import type { Terminal } from '../output/terminal.js';

const FIRST_SERVER_ERROR = 500;

/**
 * Logs an answer once it was sent, or the client has gone. Says nothing of the query and the
 * headers, which may hold secrets.
 */
export function logResponse(
  request: IncomingMessage,
  response: ServerResponse,
  terminal: Terminal,
): void {
  const begunMs = performance.now();
  response.once('close', () => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const status = response.writableFinished ? response.statusCode : undefined;
    const durationMs = Math.round(performance.now() - begunMs);
    const facts = { event: 'request', method: request.method, path, status, durationMs };
    const outcome = status ?? 'broken off';
    const text = `${request.method} ${escapeName(path)}: ${outcome} after ${durationMs} ms`;
    if (response.statusCode >= FIRST_SERVER_ERROR) terminal.log(text, facts);
    else terminal.debug(text, facts);
  });
}
