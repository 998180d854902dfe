import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { type S3Operation, s3OperationOf } from './s3-operation.js';

/**
 * What becomes of a request. Of those that reach the service, only the answer suffers.
 *
 * - `'answer'`: the proxy answers with an S3 error, or with `status` 200 and an error for a body; the
 *   service never sees the request, unless `isDone`
 * - `'reset'`: the connection breaks once `afterBytes` of the request's body came; the service sees
 *   nothing of it
 * - `'lose-answer'`: the service does it, then the connection breaks
 * - `'truncate'`: the service does it, and the connection breaks after `afterBytes` of the answer's body
 * - `'stall'`: the request is taken, and nothing follows; with `afterBytes`, so much of the service's
 *   answer comes first
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

/** A request as the proxy sees it. */
export interface SeenRequest {
  readonly operation: S3Operation;
  /** Without the bucket; empty for what is asked of the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Where one was injected. */
  readonly fault: Fault | undefined;
  /** Of the service, or of the proxy in its place; undefined as long as there is none. */
  status: number | undefined;
}

interface Injected {
  readonly operation: S3Operation | 'any';
  readonly fault: Fault;
  left: number;
}

/**
 * An S3 service on loopback that hands everything on to another one, and fails as it is told. Clients
 * use `endpoint` and sign for it; the Host header goes on as it came, so that the signature holds.
 */
export class FaultProxy {
  /** Every request, in the order in which they came. */
  readonly requests: SeenRequest[] = [];
  /** Awaited before a request is handled: to kill, to hold, to look. */
  before: (request: SeenRequest) => void | Promise<void> = () => {};
  /**
   * Whether it answers `If-None-Match: *` as a service with conditional writes does, in place of one that
   * has none. The service must check no signature.
   */
  hasConditionalWrites = false;
  /** More parts at a time are answered 503 SlowDown. */
  mostParts = Number.POSITIVE_INFINITY;
  #partsInFlight = 0;
  #conditionalWrites: Promise<void> = Promise.resolve();
  readonly #target: URL;
  readonly #server = createServer((incoming, response) => {
    // The connection has broken: whoever waited is told by that.
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

  /** The next requests of an operation fail so; those that are injected first come first. */
  inject(operation: S3Operation | 'any', fault: Fault, times = 1): void {
    this.#injected.push({ operation, fault, left: times });
  }

  /** Faults that have not come to pass do not. */
  clear(): void {
    this.#injected = [];
  }

  count(operation: S3Operation): number {
    return this.requests.filter((seen) => seen.operation === operation).length;
  }

  /** Settles when so many requests of an operation have come. */
  async reach(operation: S3Operation, count: number): Promise<void> {
    while (this.count(operation) < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Breaks all connections; new ones are refused. */
  async goAway(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Listens again, at the same endpoint. */
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
    // One at a time: nothing comes between the look and the write.
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
    // What was continued for the client is not asked for again.
    const { expect: _, ...headers } = incoming.headers;
    const outgoing = request({ hostname, port, method, path, headers, agent: false });
    // Before the answer it is told below; after it, by the answer's own end.
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
    // After what was written: a reset would take it along.
    response.socket?.end();
    return;
  }
  response.end();
}
