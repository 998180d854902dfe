import { KeyObject } from 'node:crypto';

import { show } from '../../errors/show.js';

/** @throws TypeError for anything but a public key of Ed25519 */
export function checkPublicKey(name: string, key: unknown): void {
  const isKey = key instanceof KeyObject && key.type === 'public';
  if (isKey && key.asymmetricKeyType === 'ed25519') return;
  // The message shows only the kind of a wrong key, which may be a secret one.
  const kind =
    key instanceof KeyObject ? `a ${key.type} key of ${key.asymmetricKeyType}` : show(typeof key);
  throw new TypeError(`${name} is ${kind}, expected a public KeyObject of Ed25519`);
}

/**
 * The digests of the newest manifests.
 *
 * @throws TypeError or RangeError for what is none, or without a key
 */
export function parseHeads({
  head = [],
  publicKey,
}: {
  readonly head?: string | readonly string[] | undefined;
  readonly publicKey?: KeyObject | undefined;
}): readonly string[] {
  const heads = typeof head === 'string' ? [head] : head;
  if (!Array.isArray(heads)) throw new TypeError(`head is ${show(head)}, expected a SHA-256`);
  if (heads.length > 0 && publicKey === undefined) throw new TypeError('head goes with publicKey');
  for (const each of heads) {
    if (typeof each === 'string' && /^[0-9a-f]{64}$/.test(each)) continue;
    throw new RangeError(`head is ${show(each)}, expected a SHA-256 of 64 hex digits`);
  }
  return heads;
}
