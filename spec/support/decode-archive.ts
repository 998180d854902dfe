import { expect } from 'chai';

import { ArchiveDecoder } from '../../lib/codec/archive-decoder.js';
import type { ArchiveDecoderOptions } from '../../lib/codec/frames/kind-decoder.js';
import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { DamageError } from '../../lib/errors/damage-error.js';

export interface Decoded {
  readonly records: readonly ArchiveRecord[];
  /** The error that the decoder threw after them, if it did. */
  readonly error: unknown;
}

/**
 * Passes the decoder one chunk after the other, and takes its records after each, until it throws.
 */
export function decodeChunks(
  chunks: Iterable<Uint8Array>,
  options?: ArchiveDecoderOptions,
): Decoded {
  const decoder = new ArchiveDecoder(options);
  const records: ArchiveRecord[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(Buffer.from(chunk));
      takeAll(decoder, records);
    }
    decoder.end();
    takeAll(decoder, records);
  } catch (error) {
    return { records, error };
  }
  return { records, error: undefined };
}

/** Decodes a whole undamaged archive. */
export function decodeArchive(
  bytes: Uint8Array,
  options?: ArchiveDecoderOptions,
): readonly ArchiveRecord[] {
  const { records, error } = decodeChunks([bytes], options);
  if (error !== undefined) throw error;
  return records;
}

/** Decodes a damaged archive. */
export function decodeDamaged(bytes: Uint8Array, options?: ArchiveDecoderOptions) {
  const { records, error } = decodeChunks([bytes], options);
  return { records, error: damageOf(error) };
}

/** Fails for anything but a `DamageError`. */
export function damageOf(error: unknown): DamageError {
  expect(error).to.be.instanceOf(DamageError);
  if (!(error instanceof DamageError)) throw error;
  return error;
}

/** `bytes` in pieces of at most `size` bytes. */
export function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A record as plain values that are quick to compare. */
export function plain(record: ArchiveRecord) {
  const { sequence, timeMicros } = record;
  const metadata = record
    .rawMetadata()
    .map(([key, value]) => [Buffer.from(key).toString(), Buffer.from(value).toString()]);
  return { metadata, payload: record.payload.toString('latin1'), sequence, timeMicros };
}

function takeAll(decoder: ArchiveDecoder, into: ArchiveRecord[]): void {
  for (let batch = decoder.next(); batch !== null; batch = decoder.next()) into.push(...batch);
}
