import { randomBytes } from 'node:crypto';

/** What a file is called until it is a whole object. */
const TEMPORARY_NAME = /^\.(.+)\.([0-9a-f]{16})\.part$/;

/** A file on its way to become an object. */
export interface TemporaryName {
  /** What it is to be called. */
  readonly name: string;
  readonly uploadId: string;
}

export function createUploadId(): string {
  return randomBytes(8).toString('hex');
}

/** `.NAME.UPLOADID.part`, beside its later name. */
export function toTemporaryName({ name, uploadId }: TemporaryName): string {
  return `.${name}.${uploadId}.part`;
}

/** Null for every other name. */
export function parseTemporaryName(file: string): TemporaryName | null {
  const [, name, uploadId] = TEMPORARY_NAME.exec(file) ?? [];
  return name === undefined || uploadId === undefined ? null : { name, uploadId };
}
