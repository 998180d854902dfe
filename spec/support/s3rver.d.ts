/** Types for the part of s3rver that the specs use; the package has none. */
declare module 's3rver' {
  import type { AddressInfo } from 'node:net';
  import type { Readable } from 'node:stream';

  interface S3rverOptions {
    readonly address: string;
    readonly port: number;
    readonly silent: boolean;
    readonly directory: string;
    readonly vhostBuckets: boolean;
  }

  interface Stored {
    readonly size: number;
    readonly md5: string;
  }

  interface StoredObject {
    readonly bucket: string;
    readonly key: string;
    readonly content: Readable | Buffer;
    readonly metadata: unknown;
  }

  export interface S3rverStore {
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    putMetadata(bucket: string, key: string, metadata: unknown, md5: string): Promise<void>;
    putObject(object: StoredObject): Promise<Stored>;
    putPart(bucket: string, uploadId: string, part: number, content: Readable): Promise<Stored>;
  }

  export default class S3rver {
    readonly store: S3rverStore;
    constructor(options: S3rverOptions);
    run(): Promise<AddressInfo>;
    close(): Promise<void>;
  }
}
