import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { type S3Operation, s3OperationOf } from './s3-operation.js';

/**
 * A fault of one request. When a request reaches the service, the fault changes only the answer.
 *
 * - `'answer'`: the proxy answers with an S3 error, or with `status` 200 and an error in the body;
 *   the service sees the request only with `isDone`
 * - `'reset'`: the connection breaks after `afterBytes` of the request's body; the service sees
 *   nothing of it
 * - `'lose-answer'`: the service does the request, and then the connection breaks
 * - `'truncate'`: the service does the request, and the connection breaks after `afterBytes` of the
 *   answer's body
 * - `'stall'`: the request is accepted and never answered; with `afterBytes`, that much of the
 *   answer's body comes first
 */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code: string;
      readonly isDone?: boolean;
    }
  | { readonly kind: 'reset'; readonly afterBytes: number }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  | { readonly kind: 'stall'; readonly afterBytes?: number };

/** A request that came to the proxy. */
export interface SeenRequest {
  readonly operation: S3Operation;
  /** The key without the bucket; empty for a request to the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The injected fault; undefined without one. */
  readonly fault: Fault | undefined;
  /** The status of the answer, from the service or the proxy; undefined before it. */
  status: number | undefined;
}

interface Injected {
  readonly operation: S3Operation | 'any';
  readonly fault: Fault;
  left: number;
}

/**
 * An S3 service on loopback that relays all requests to another one, and injects faults. Clients
 * use `endpoint` and sign for it. The proxy keeps the Host header, so that the signature stays
 * valid.
 */
export class FaultProxy {
  /** All requests, in the order of their arrival. */
  readonly requests: SeenRequest[] = [];
  /** Awaited before a request is handled. */
  before: (request: SeenRequest) => void | Promise<void> = () => {};
  /**
   * Whether the proxy answers `If-None-Match: *` as a service with conditional writes does. Only
   * for a service that has none and checks no signatures.
   */
  hasConditionalWrites = false;
  /** The proxy answers further simultaneous parts with 503 SlowDown. */
  mostParts = Number.POSITIVE_INFINITY;
  #partsInFlight = 0;
  #conditionalWrites: Promise<void> = Promise.resolve();
  readonly #target: URL;
  readonly #server = createServer((incoming, response) => {
    // The connection to the service has broken: the client's must break as well.
    this.#handle(incoming, response).catch(() => response.destroy());
  });
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #injected: Injected[] = [];
  #port = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
  }

  /** @param target the endpoint of the service */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.comeBack();
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Injects a fault into the next requests of an operation, after the faults injected before. */
  inject(operation: S3Operation | 'any', fault: Fault, times = 1): void {
    this.#injected.push({ operation, fault, left: times });
  }

  /** Drops the faults that have not happened yet. */
  clear(): void {
    this.#injected = [];
  }

  count(operation: S3Operation): number {
    return this.requests.filter((seen) => seen.operation === operation).length;
  }

  /** Resolves when `count` requests of an operation have come. */
  async reach(operation: S3Operation, count: number): Promise<void> {
    while (this.count(operation) < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Breaks all connections, and refuses new ones. */
  async goAway(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Listens again at the same endpoint. */
  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.goAway();
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = this.#see(incoming);
    await this.before(seen);
    if (seen.operation === 'UploadPart') return this.#takePart(seen, incoming, response);
    const isConditional = incoming.headers['if-none-match'] !== undefined;
    if (!this.hasConditionalWrites || !isConditional || seen.fault !== undefined) {
      return this.#relay(seen, incoming, response);
    }
    // One at a time, so that no write comes between the HEAD and the write.
    const write = this.#conditionalWrites.then(() => this.#unlessTaken(seen, incoming, response));
    this.#conditionalWrites = write.catch(() => {});
    await write;
  }

  async #takePart(
    seen: SeenRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const isTooMany = this.#partsInFlight >= this.mostParts;
    this.#partsInFlight++;
    response.on('close', () => this.#partsInFlight--);
    if (!isTooMany) return this.#relay(seen, incoming, response);
    incoming.resume();
    await once(incoming, 'end');
    this.#answer(seen, { kind: 'answer', status: 503, code: 'SlowDown' }, response);
  }

  async #unlessTaken(
    seen: SeenRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { hostname, port } = this.#target;
    const { 'if-none-match': _, ...headers } = incoming.headers;
    const path = incoming.url?.replace(/\?.*/, '');
    const { 'content-length': __, expect: ___, ...lookHeaders } = headers;
    const options = { hostname, port, path, headers: lookHeaders, method: 'HEAD', agent: false };
    const look = request(options).end();
    const [found] = await once(look, 'response');
    found.resume();
    incoming.headers = headers;
    if (found.statusCode === 404) return this.#relay(seen, incoming, response);
    incoming.resume();
    await once(incoming, 'end');
    this.#answer(seen, { kind: 'answer', status: 412, code: 'PreconditionFailed' }, response);
  }

  async #relay(
    seen: SeenRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { fault } = seen;
    if (fault?.kind === 'reset') return resetAfter(fault.afterBytes, incoming);
    if (fault?.kind === 'answer' && !fault.isDone) {
      incoming.resume();
      await once(incoming, 'end');
      return this.#answer(seen, fault, response);
    }
    if (fault?.kind === 'stall' && fault.afterBytes === undefined) {
      incoming.resume();
      return;
    }
    const answer = await this.#handOn(incoming);
    if (fault?.kind === 'answer') {
      answer.resume();
      await once(answer, 'end');
      return this.#answer(seen, fault, response);
    }
    seen.status = answer.statusCode;
    if (fault?.kind === 'lose-answer') {
      answer.resume();
      await once(answer, 'end');
      incoming.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    await relay(answer, response, fault);
  }

  #see(incoming: IncomingMessage): SeenRequest {
    const { operation, key, query } = s3OperationOf(incoming.method ?? '', incoming.url ?? '/');
    const injected = this.#injected.find(
      (candidate) =>
        candidate.left > 0 && (candidate.operation === 'any' || candidate.operation === operation),
    );
    if (injected !== undefined) injected.left--;
    const { headers } = incoming;
    const seen: SeenRequest = {
      operation,
      key,
      query,
      headers,
      fault: injected?.fault,
      status: undefined,
    };
    this.requests.push(seen);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    return seen;
  }

  #answer(seen: SeenRequest, fault: Fault & { kind: 'answer' }, response: ServerResponse): void {
    seen.status = fault.status;
    response.writeHead(fault.status, { 'content-type': 'application/xml' });
    const { operation } = seen;
    const text = `<Error><Code>${fault.code}</Code><Message>Told to fail.</Message></Error>`;
    response.end(operation.startsWith('Head') ? '' : `<?xml version="1.0"?>\n${text}`);
  }

  async #handOn(incoming: IncomingMessage): Promise<IncomingMessage> {
    const { hostname, port } = this.#target;
    const { method, url: path } = incoming;
    // The proxy has already answered the client's `Expect: 100-continue`.
    const { expect: _, ...headers } = incoming.headers;
    const outgoing = request({ hostname, port, method, path, headers, agent: false });
    // Before the answer, `once` below rejects; after it, the answer's own end reports the error.
    outgoing.on('error', () => {});
    incoming.pipe(outgoing);
    incoming.on('close', () => {
      if (!incoming.complete) outgoing.destroy();
    });
    const [answer] = await once(outgoing, 'response');
    return answer;
  }
}

async function resetAfter(bytes: number, incoming: IncomingMessage): Promise<void> {
  let came = 0;
  for await (const chunk of incoming) {
    came += chunk.length;
    if (came >= bytes) break;
  }
  incoming.socket.resetAndDestroy();
}

async function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const isCut = fault?.kind === 'truncate' || fault?.kind === 'stall';
  const most = isCut ? (fault.afterBytes ?? 0) : Number.POSITIVE_INFINITY;
  let relayed = 0;
  response.on('close', () => answer.destroy());
  for await (const chunk of answer) {
    const bytes: Buffer = chunk.subarray(0, most - relayed);
    relayed += bytes.length;
    if (bytes.length > 0 && !response.write(bytes)) await once(response, 'drain');
    if (relayed >= most) break;
  }
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'truncate') {
    // Not a reset, which could drop the bytes that were written before.
    response.socket?.end();
    return;
  }
  response.end();
}
