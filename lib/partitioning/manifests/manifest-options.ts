import { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';

import { quote, show } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFlag } from '../../format/option-values.js';
import { type Duration, parseDurationMs } from '../../format/quantity.js';
import { hostText } from '../../series/names/token-text.js';

/** Manifests list what an archiver has put into each partition of the store (docs/manifest.md). */
export interface ManifestOptions {
  /**
   * Names the archiver. Archivers that write into one prefix at the same time need different names;
   * its next run must have the same one. Letters, digits, `.`, `_` and `-`.
   * @default the host's name
   */
  readonly name?: string | undefined;
  /**
   * How long after the end of its day or hour a partition may still get records. When a record of a
   * later time than that was taken, or no record came for so long, the partition gets its manifest.
   * @default '1h'
   */
  readonly allowedLateness?: Duration | undefined;
  /** A private key of Ed25519, which signs each manifest: see `….json.sig`. @default no signature */
  readonly sign?: KeyObject | undefined;
  /**
   * Whether to write `_SUCCESS` with the first manifest of a partition. Only for the one archiver
   * that owns the prefix. @default false
   */
  readonly success?: boolean | undefined;
}

export const MANIFEST_OPTION_NAMES: OptionNames<ManifestOptions> = {
  name: true,
  allowedLateness: true,
  sign: true,
  success: checkFlag,
};

/** `ManifestOptions`, checked, with their defaults. */
export interface ManifestSettings {
  readonly name: string;
  readonly allowedLatenessMs: number;
  readonly sign: KeyObject | undefined;
  readonly success: boolean;
}

/** @throws TypeError or RangeError for an option that makes no sense */
export function parseManifestOptions(given: ManifestOptions): ManifestSettings {
  const options = readOptions(given, MANIFEST_OPTION_NAMES, 'manifests');
  const { allowedLateness = '1h', name = hostText(hostname()), sign, success = false } = options;
  if (typeof name !== 'string' || !/^[A-Za-z0-9._-]{1,100}$/.test(name)) {
    const expected = 'expected 1 to 100 letters, digits, ".", "_" or "-"';
    throw new RangeError(`manifests.name is ${quote(name)}, ${expected}`);
  }
  if (sign !== undefined) checkSigningKey(sign);
  const allowedLatenessMs = parseDurationMs(allowedLateness, 'manifests.allowedLateness');
  return { name, allowedLatenessMs, sign, success };
}

function checkSigningKey(key: unknown): void {
  const isKey = key instanceof KeyObject && key.type === 'private';
  if (isKey && key.asymmetricKeyType === 'ed25519') return;
  // The message shows only the kind of a wrong key.
  const kind =
    key instanceof KeyObject ? `a ${key.type} key of ${key.asymmetricKeyType}` : show(typeof key);
  throw new TypeError(`manifests.sign is ${kind}, expected a private KeyObject of Ed25519`);
}
