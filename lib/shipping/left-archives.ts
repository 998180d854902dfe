import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { ArchiveDecoder } from '../codec/archive-decoder.js';
import type { CompressionName } from '../codec/compression/members/member-format.js';
import { beginsAsJson } from '../codec/json-lines/begins-as-json.js';
import { isJson } from '../codec/json-lines/json-syntax.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { readChunks } from '../files/read-chunks.js';
import { baseNameOf, isReadableName } from '../series/names/archive-state.js';
import { createGlobMatcher } from '../series/names/glob-matcher.js';
import { compareNaturally } from '../series/names/natural-order.js';
import { decompress } from '../streams/compression/decompress.js';
import { MEMBER_READERS } from '../streams/compression/member-readers.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** A sealed archive in the directory, before anything was read of it. */
export interface LeftArchive {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** When it was sealed, in ms since the epoch; if it is not given, it was just now. */
  readonly sealedAt?: number;
  /**
   * Whether any text that begins as JSON does counts as JSON lines. Otherwise its first line must be
   * JSON: text of another program would be shipped, and deleted.
   */
  readonly acceptsAnyText?: boolean;
}

/**
 * Lists the sealed archives of a series in a directory, in natural order of their names. Skips
 * empty files: on a file system without hard links, a writer that seals an archive first creates an
 * empty file under its name.
 */
export async function listLeftArchives(
  directory: string,
  pattern: string,
  files: FileLayer,
): Promise<LeftArchive[]> {
  const isMatch = createGlobMatcher(pattern);
  const left: LeftArchive[] = [];
  for (const entry of await files.readdir(directory)) {
    const { name } = entry;
    const isSealed = entry.isFile() && isReadableName(name) && baseNameOf(name) === name;
    if (!isSealed || !isMatch(name)) continue;
    const path = join(directory, name);
    const status = await findFile(path, files);
    if (status === null || status.size === 0) continue;
    left.push({ path, name, bytes: status.size, sealedAt: status.mtimeMs });
  }
  return left.sort((a, b) => compareNaturally(a.name, b.name));
}

/**
 * Reads a whole archive to learn what its writer knew when it sealed it. Counts the records before
 * any damage.
 *
 * @throws DamageError if the file does not begin as an archive does: it is not one of ours
 */
export async function inspectArchive(
  { path, name, acceptsAnyText = false }: LeftArchive,
  files: FileLayer,
  signal: AbortSignal,
): Promise<ShippableArchive> {
  const file = await files.open(path, 'r');
  try {
    // The time of opening is lost; the time of sealing is the nearest to it.
    const openedAt = Math.round((await file.stat()).mtimeMs);
    const facts = await inspectChunks(readChunks(file, path), path, acceptsAnyText, signal);
    return { path, name, ...facts, openedAt };
  } finally {
    await file.close();
  }
}

/** A compressed archive in a directory, and the digest of its bytes as they are. */
export interface PackedArchive {
  /** Its facts, of which `bytes` and `sha256` are of the uncompressed archive. */
  readonly archive: ShippableArchive;
  readonly fileSha256: string;
}

/**
 * As `inspectArchive`, of a compressed file.
 *
 * @throws DamageError if the file is not compressed as its name says, or is damaged
 */
export async function inspectPacked(
  { path, name, acceptsAnyText = false }: LeftArchive,
  compression: CompressionName,
  files: FileLayer,
  signal: AbortSignal,
): Promise<PackedArchive> {
  const hash = createHash('sha256');
  async function* hashed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const file = await files.open(path, 'r');
  try {
    const openedAt = Math.round((await file.stat()).mtimeMs);
    const raw = decompress(MEMBER_READERS[compression], hashed(readChunks(file, path)), path);
    const facts = await inspectChunks(raw, path, acceptsAnyText, signal);
    return { archive: { path, name, ...facts, openedAt }, fileSha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function inspectChunks(
  chunks: AsyncIterable<Buffer>,
  path: string,
  acceptsAnyText: boolean,
  signal: AbortSignal,
): Promise<Omit<ShippableArchive, 'path' | 'name' | 'openedAt'>> {
  const hash = createHash('sha256');
  const counter = new RecordCounter(path, acceptsAnyText);
  let bytes = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    hash.update(chunk);
    counter.push(chunk);
    bytes += chunk.length;
  }
  counter.end();
  const { records, firstTime, lastTime } = counter;
  return { bytes, sha256: hash.digest('hex'), records, firstTime, lastTime };
}

class RecordCounter {
  records = 0;
  firstTime: Date | null = null;
  lastTime: Date | null = null;
  readonly #archive: string;
  readonly #acceptsAnyText: boolean;
  #decoder: ArchiveDecoder | null;
  #isText: boolean | undefined;

  constructor(archive: string, acceptsAnyText: boolean) {
    this.#archive = archive;
    this.#acceptsAnyText = acceptsAnyText;
    this.#decoder = new ArchiveDecoder({ archive, tornTail: 'end' });
  }

  /** @throws DamageError if the first bytes are not those of an archive */
  push(chunk: Buffer): void {
    this.#isText ??= !this.#acceptsAnyText && beginsAsJson(chunk[0]);
    this.#decoder?.push(chunk);
    this.#count();
  }

  /** @throws DamageError as `push` */
  end(): void {
    this.#decoder?.end();
    this.#count();
    if (this.#isText && this.records === 0) throw this.#noRecord();
  }

  /** Ends the count at damage. The archive is shipped as it is: its readers report the damage. */
  #count(): void {
    try {
      this.#countAll();
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      if (error.offset === 0 && error.reason === 'bad-magic') throw error;
      // Many texts begin as JSON does. Only a first line that is JSON makes one an archive.
      if (this.#isText && this.records === 0) throw error;
      this.#decoder = null;
    }
  }

  /** A reader takes every line as it is, so that text of any kind would count as JSON lines. */
  #checkJson(record: ArchiveRecord): void {
    if (!isJson(record.payload)) throw this.#noRecord();
  }

  #noRecord(): DamageError {
    const [expected, found] = ['a line of JSON', 'other text'];
    const fault = { reason: 'bad-text', what: 'line', offset: 0, expected, found } as const;
    return new DamageError(fault, this.#archive);
  }

  #countAll(): void {
    const decoder = this.#decoder;
    for (let batch = decoder?.next() ?? null; batch !== null; batch = decoder?.next() ?? null) {
      for (const record of batch) {
        if (this.records === 0 && this.#isText) this.#checkJson(record);
        const { time } = record;
        this.records++;
        if (time === undefined) continue;
        if (this.firstTime === null || time < this.firstTime) this.firstTime = time;
        if (this.lastTime === null || time > this.lastTime) this.lastTime = time;
      }
    }
  }
}
