import { randomBytes } from 'node:crypto';

/** The name of a file that is not yet a whole object. */
const TEMPORARY_NAME = /^\.(.+)\.([0-9a-f]{16})\.part$/;

export interface TemporaryName {
  /** The file's later name. */
  readonly name: string;
  readonly uploadId: string;
}

export function createUploadId(): string {
  return randomBytes(8).toString('hex');
}

/** `.NAME.UPLOADID.part`, in the directory of the later name. */
export function toTemporaryName({ name, uploadId }: TemporaryName): string {
  return `.${name}.${uploadId}.part`;
}

/** Null for a name that is not a temporary one. */
export function parseTemporaryName(file: string): TemporaryName | null {
  const [, name, uploadId] = TEMPORARY_NAME.exec(file) ?? [];
  return name === undefined || uploadId === undefined ? null : { name, uploadId };
}
