import type { CompressionName } from '../codec/compression/members/member-format.js';
import { findFile } from '../files/find-file.js';
import { headObject } from '../stores/contract/head-object.js';
import { createCompression } from '../streams/compression/compression.js';
import type { ShippedArchive } from '../writing/handlers/archive-shipper.js';
import { compressArchive } from './compress-archive.js';
import { inspectPacked, type LeftArchive } from './left-archives.js';
import { settleFile } from './settle-file.js';
import { shipArchive } from './ship-archive.js';
import type { ShipmentContext } from './shipment.js';

/** The context of a shipment whose bytes are compressed already, and sent as they are. */
export interface PackedContext extends Omit<ShipmentContext, 'compression'> {
  readonly contentType: string;
}

/**
 * Ships a compressed file as it is, after reading it whole: only its content says which archive it
 * is. It has no journal, so a repetition reads it again and finds its object.
 *
 * @throws DamageError if it is not compressed as its name says, or damaged; as `shipArchive`
 */
export async function shipPacked(
  left: LeftArchive,
  compression: CompressionName,
  context: PackedContext,
): Promise<ShippedArchive> {
  const { arePlainKeysOwn, contentType, files, keys, localFile, onBytes, signal, store } = context;
  const file = await findFile(left.path, files);
  const { archive, fileSha256 } = await inspectPacked(left, compression, files, signal);
  const candidates = keys.keysOf({ ...archive, path: left.path });
  const found = localFile === 'keep' ? await headObject(store, candidates.plain, signal) : null;
  const facts = { ...archive, path: left.path, store: store.name };
  if (found !== null && found.metadata.sha256 === archive.sha256) {
    const { bytes: storedBytes, key } = found;
    return { ...facts, key, storedBytes, evidence: 'read-back', takenKey: null };
  }
  const object = await shipArchive(archive, {
    ...{ store, signal, contentType, keys: candidates, isPlainKeyOwn: arePlainKeysOwn },
    openBody: () =>
      compressArchive({ path: left.path, sha256: fileSha256 }, files, AS_IT_IS, onBytes),
    onSending: async () => {},
  });
  await settleFile(left, file, localFile, files);
  return { ...facts, ...object };
}

const AS_IT_IS = createCompression({ compression: 'none' });
