import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

import type { ListenAddress } from './listen-address.js';

/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1000;

/** How long answers may take to be sent once all of them are made. */
const LAST_ANSWERS_MS = 1000;

export interface ListenOptions {
  readonly address: ListenAddress;
  /** Undefined for HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number;
}

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Takes no more connections. A second call does nothing. */
  stop(): void;
  /**
   * Ends all connections. Call it after `stop`, when all answers are made: they are still sent, but a
   * body that never ends does not keep the process.
   */
  end(): Promise<void>;
}

/** @throws Node's error if the address cannot be used */
export async function listen(
  { address, requestTimeoutMs, tls }: ListenOptions,
  listener: RequestListener,
): Promise<Listening> {
  const options = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const server =
    tls === undefined
      ? createHttpServer(options, listener)
      : createHttpsServer({ ...options, ...tls }, listener);
  // Node would ask for the body before its size and its token were looked at.
  server.on('checkContinue', listener);
  server.listen(address.port, address.host);
  await once(server, 'listening');
  let ended: Promise<unknown> | undefined;
  return {
    url: urlOf(server, address.host, tls === undefined ? 'http' : 'https'),
    stop() {
      if (ended !== undefined) return;
      ended = once(server, 'close');
      server.close();
    },
    async end() {
      const timer = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function urlOf(server: Server, host: string, scheme: string): string {
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : '';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
