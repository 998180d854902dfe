import { type KeyObject, verify } from 'node:crypto';
import { posix } from 'node:path';

import { sha256OfChunks } from '../../files/sha256.js';
import {
  decodeManifest,
  type Manifest,
  type ManifestObject,
  parseManifestFileName,
  SIGNATURE_BYTES,
  sha256Of,
} from '../../format/manifest.js';
import { headObject } from '../../stores/contract/head-object.js';
import { objectKeyProblem } from '../../stores/contract/object-key.js';
import { receiveBytes } from '../../stores/contract/receive-bytes.js';
import type { Store } from '../../stores/contract/store.js';
import type { ArchiveProblem } from './chain-part.js';
import { type FoundManifest, folderOf, type ManifestFolders } from './find-manifests.js';

export interface ManifestChecks {
  /** The key whose private half signs all manifests. */
  readonly publicKey: KeyObject;
  /** The SHA-256 of the newest manifest of each archiver, in hex. An archiver may be missing. */
  readonly heads: readonly string[];
  /** Whether to hash every object; otherwise only their sizes are compared. */
  readonly full: boolean;
  readonly signal: AbortSignal;
}

/** A manifest that its signature proves. */
interface ProvenManifest extends Manifest, ChainLink {
  readonly store: Store;
}

/** The facts of a manifest that the chain needs. Its objects are forgotten once they are compared. */
interface ChainLink extends Pick<Manifest, 'name' | 'number' | 'previous'> {
  readonly path: string;
  /** With its store. */
  readonly folder: string;
  readonly sha256: string;
}

/**
 * Compares what is in the folders of manifests with what the manifests say: objects that were deleted,
 * replaced or inserted, and manifests that were deleted, replaced, moved or reordered.
 */
export async function manifestProblems(
  { manifests, objects }: ManifestFolders,
  checks: ManifestChecks,
): Promise<ArchiveProblem[]> {
  const unproven: ArchiveProblem[] = [];
  const chain: ChainLink[] = [];
  const wrong: ArchiveProblem[] = [];
  const unlisted = new Set(objects.keys());
  for await (const found of manifests) {
    const manifest = prove(found, checks.publicKey);
    if ('kind' in manifest) {
      unproven.push(manifest);
      continue;
    }
    const { objects: listed, store: _, ...link } = manifest;
    chain.push(link);
    for (const object of listed) {
      const path = `${manifest.folder}/${object.name}`;
      unlisted.delete(path);
      const fault = await objectProblem(manifest, object, path, objects, checks);
      if (fault !== undefined) wrong.push(fault);
    }
  }
  if (unproven.length + chain.length === 0) {
    unproven.push(problem('missing', undefined, 'no manifest was found'));
  }
  const inserted = Array.from(unlisted, (path) => {
    const why = 'it was inserted, or the manifest that lists it is missing or not written yet';
    return problem('unlisted', path, `${path}: is in no manifest: ${why}`);
  });
  const links = [...chainProblemsOf(chain), ...headProblems(chain, checks.heads)];
  return [...unproven, ...links, ...wrong, ...inserted];
}

function prove(
  { bytes, key, signature, store }: FoundManifest,
  publicKey: KeyObject,
): ProvenManifest | ArchiveProblem {
  const path = `${store.name}/${key}`;
  const altered = (fault: string) => problem('altered', path, `${path}: ${fault}`);
  if (bytes === null) return altered('is too long for a manifest');
  if (signature === null) return altered('has no signature');
  const isGenuine =
    signature.length === SIGNATURE_BYTES && verify(null, bytes, publicKey, signature);
  if (!isGenuine) return altered('has a signature that is not of this key and these bytes');
  const manifest = decodeManifest(bytes);
  if (typeof manifest === 'string') return altered(manifest);
  const named = parseManifestFileName(posix.basename(key));
  if (named?.name !== manifest.name || named.number !== manifest.number) {
    return altered(`is manifest ${manifest.number} of ${manifest.name}, under another name`);
  }
  const folder = folderOf(store, key);
  if (!`/${folder}`.endsWith(`/${manifest.partition}`)) {
    return altered(`is of the partition ${manifest.partition}, in another folder`);
  }
  return { ...manifest, store, path, folder, sha256: sha256Of(bytes) };
}

/** The manifests of each archiver must be a chain with one beginning, and numbered without gaps. */
function chainProblemsOf(manifests: readonly ChainLink[]): ArchiveProblem[] {
  const problems: ArchiveProblem[] = [];
  const digests = new Set(manifests.map(({ sha256 }) => sha256));
  const successors = new Map<string, ChainLink>();
  const numbers = new Map<string, Set<number>>();
  for (const manifest of manifests) {
    const { folder, name, number, path, previous } = manifest;
    if (previous !== null && !digests.has(previous)) {
      const what = `the manifest with SHA-256 ${previous}, which ${path} names as the one before it`;
      problems.push(problem('missing', undefined, `${what}, is missing`));
    }
    const link = `${name} ${previous}`;
    const other = successors.get(link);
    if (other !== undefined) {
      const fault = `has the same manifest before it as ${other.path}`;
      problems.push(problem('conflict', path, `${path}: ${fault}`));
    }
    successors.set(link, manifest);
    const series = `${folder}/manifest-${name}`;
    numbers.set(series, (numbers.get(series) ?? new Set()).add(number));
  }
  for (const [series, known] of numbers) {
    const last = [...known].reduce((most, number) => Math.max(most, number), 0);
    for (let number = 1; number < last; number++) {
      if (known.has(number)) continue;
      problems.push(problem('missing', undefined, `${series}-${number}.json is missing`));
    }
  }
  return problems;
}

function headProblems(manifests: readonly ChainLink[], heads: readonly string[]): ArchiveProblem[] {
  return heads.flatMap((head) => {
    if (manifests.some(({ sha256 }) => sha256 === head)) return [];
    const message = `the newest manifest, with SHA-256 ${head}, is missing`;
    return [problem('missing', undefined, message)];
  });
}

async function objectProblem(
  { path: manifest, store }: ProvenManifest,
  { bytes, name, sha256 }: ManifestObject,
  path: string,
  objects: ManifestFolders['objects'],
  { full, signal }: ManifestChecks,
): Promise<ArchiveProblem | undefined> {
  const found = objects.get(path) ?? (await findElsewhere(store, manifest, name, signal));
  if (found === null) {
    return problem('missing', path, `${path}: is missing, but ${manifest} lists it`);
  }
  const expected = `expected ${bytes} bytes, as ${manifest} says`;
  if (found.bytes !== bytes) {
    return problem('altered', path, `${path}: has ${found.bytes} bytes, ${expected}`);
  }
  if (!full) return undefined;
  const range = { start: 0, end: bytes };
  const chunks = () => receiveBytes(store, found.key, range, { signal });
  // A range of no bytes cannot be asked for.
  const actual =
    bytes === 0 ? sha256Of(Buffer.alloc(0)) : (await sha256OfChunks(chunks())).toString('hex');
  if (actual === sha256) return undefined;
  const fault = `has SHA-256 ${actual}, expected ${sha256}, as ${manifest} says`;
  return problem('altered', path, `${path}: ${fault}`);
}

/** An object in a folder below that of its partition, as a key with folders makes it. */
async function findElsewhere(
  store: Store,
  manifest: string,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly key: string; readonly bytes: number } | null> {
  const folder = posix.dirname(manifest.slice(store.name.length + 1));
  const key = `${folder}/${name}`;
  const isBelow = name.includes('/') && objectKeyProblem(key) === undefined;
  return isBelow ? await headObject(store, key, signal) : null;
}

function problem(
  kind: ArchiveProblem['kind'],
  archive: string | undefined,
  message: string,
): ArchiveProblem {
  return { kind, archive, writer: undefined, ordinal: undefined, message };
}
