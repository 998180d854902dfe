import { createHash } from 'node:crypto';

/** The version of the format that docs/manifest.md specifies. */
const MANIFEST_VERSION = 1;

/** A signature of Ed25519 (RFC 8032, section 5.1.6). */
export const SIGNATURE_BYTES = 64;

/** Larger files are not manifests. */
export const LONGEST_MANIFEST_BYTES = 64 * 2 ** 20;

/** Marks a partition to which no archive will be added, as Hadoop's output committer does. */
export const SUCCESS_NAME = '_SUCCESS';

/** An object that a manifest lists. */
export interface ManifestObject {
  /** Its key without the folder of the partition. */
  readonly name: string;
  /** Its size as it is stored. */
  readonly bytes: number;
  readonly records: number;
  /** The times of the earliest and the latest record in ISO 8601, UTC; null if no record has one. */
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  /** The SHA-256 of its bytes as they are stored, in hex. */
  readonly sha256: string;
}

/** The objects that one archiver has added to a partition (docs/manifest.md). */
export interface Manifest {
  /** The archiver. */
  readonly name: string;
  /** Counts the manifests of this name in the partition, from 1. */
  readonly number: number;
  readonly partition: string;
  /** The SHA-256 of the manifest before, of any partition, in hex; null for the first one. */
  readonly previous: string | null;
  readonly objects: readonly ManifestObject[];
}

/** The name of a manifest's file, with its number. */
const FILE_NAME = /^manifest-(.+)-([1-9]\d*)\.json$/;

export function manifestFileName({ name, number }: Pick<Manifest, 'name' | 'number'>): string {
  return `manifest-${name}-${number}.json`;
}

export function signatureFileName(manifestFile: string): string {
  return `${manifestFile}.sig`;
}

/** The archiver and the number in the name of a manifest's file; null for any other name. */
export function parseManifestFileName(file: string): Pick<Manifest, 'name' | 'number'> | null {
  const [, name, digits] = FILE_NAME.exec(file) ?? [];
  const number = Number(digits);
  return name === undefined || !Number.isSafeInteger(number) ? null : { name, number };
}

/** Whether a file of this name is a manifest, a signature or a mark: no archive. */
export function isManifestFile(file: string): boolean {
  return file === SUCCESS_NAME || FILE_NAME.test(file.replace(/\.sig$/, ''));
}

/** The bytes of a manifest: JSON in UTF-8, with a line feed at the end. */
export function encodeManifest({ name, number, objects, partition, previous }: Manifest): Buffer {
  const manifest = { version: MANIFEST_VERSION, name, number, partition, previous, objects };
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** @returns the fault, such as `is no JSON`, for bytes that are no manifest */
export function decodeManifest(bytes: Buffer): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'is no JSON';
  }
  if (!isObject(value)) return 'is no object';
  const { name, number, objects, partition, previous, version } = value;
  if (version !== MANIFEST_VERSION) return `has version ${String(version)}, expected 1`;
  if (typeof name !== 'string' || name === '') return 'has no name';
  if (!isCount(number) || number === 0) return 'has no number';
  if (typeof partition !== 'string') return 'has no partition';
  if (previous !== null && !isDigest(previous)) return 'has a wrong digest of the one before';
  if (!Array.isArray(objects) || !objects.every(isManifestObject)) return 'has wrong objects';
  return { name, number, partition, previous, objects };
}

/** In hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isManifestObject(value: unknown): value is ManifestObject {
  if (!isObject(value)) return false;
  const { bytes, firstTime, lastTime, name, records, sha256 } = value;
  const areTimes = [firstTime, lastTime].every((time) => time === null || typeof time === 'string');
  return (
    typeof name === 'string' && isCount(bytes) && isCount(records) && areTimes && isDigest(sha256)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
