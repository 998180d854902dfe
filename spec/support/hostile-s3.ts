import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { S3Store } from '../../lib/stores/s3/s3-store.js';
import type { S3StoreOptions } from '../../lib/stores/s3/s3-store-options.js';
import { type S3Operation, s3OperationOf } from './s3-operation.js';

/** A request to a hostile service. */
export interface HostileRequest {
  readonly operation: S3Operation;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly range: string | undefined;
  readonly response: ServerResponse;
}

/** A service on loopback that answers as a spec says, and keeps no rule of S3. */
export class HostileS3 {
  readonly requests: HostileRequest[] = [];
  /** Answers a request, or leaves it without an answer. */
  answer: (request: HostileRequest) => void | Promise<void> = () => {};
  readonly #server = createServer((incoming, response) => this.#handle(incoming, response));

  static async start(): Promise<HostileS3> {
    const hostile = new HostileS3();
    hostile.#server.listen(0, '127.0.0.1');
    await once(hostile.#server, 'listening');
    return hostile;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get options(): S3StoreOptions {
    const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
    return { endpoint: this.endpoint, region: 'us-east-1', credentials };
  }

  /** A store in the bucket `bucket`. */
  open(options: S3StoreOptions = {}): S3Store {
    return new S3Store('s3://bucket', { ...this.options, ...options });
  }

  /** How many connections are open. */
  async connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  /** Lets the process end although the service listens. Its connections still keep it alive. */
  unref(): void {
    this.#server.unref();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.resume();
    response.on('error', () => {});
    const { method = '', url = '/', headers } = incoming;
    const request = { ...s3OperationOf(method, url), range: headers.range, response };
    this.requests.push(request);
    await this.answer(request);
  }
}

/**
 * Sends `chunk` again and again, until the client goes away.
 *
 * @returns how many bytes were given to the connection
 */
export async function sendForever(response: ServerResponse, chunk: Buffer): Promise<number> {
  let sent = 0;
  while (!response.destroyed) {
    if (!response.writableNeedDrain) {
      response.write(chunk);
      sent += chunk.length;
    }
    await new Promise(setImmediate);
  }
  return sent;
}

/** A page of a listing of objects. */
export function listingPage(keys: readonly string[], token?: string): string {
  const entries = keys.map((key) => `<Contents><Key>${key}</Key><Size>9</Size></Contents>`);
  const next = token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`;
  const isTruncated = `<IsTruncated>${token !== undefined}</IsTruncated>`;
  return `<ListBucketResult>${isTruncated}${next}${entries.join('')}</ListBucketResult>`;
}
