/** A disk writes a sector of this size whole or not at all. */
const SECTOR_BYTES = 512;

/**
 * The fate of bytes that were not synced. `lost`: the file is as it was at its last sync. `kept`:
 * no byte is lost. `zeroed`: the file has its new size, with zeros in place of new bytes. `cut`: a
 * random number of new bytes is missing at the end. `torn`: each sector is from before or after any
 * of the writes, or zeros, and the file has any size between these.
 */
export type BytesAfterCut = 'lost' | 'kept' | 'zeroed' | 'cut' | 'torn';

/**
 * The fate of changes of names that were not synced: `undone` or `kept`: all of them; `added`: only
 * new names are kept; `removed`: only removals are kept; a number: each change is kept with this
 * probability.
 */
export type NamesAfterCut = 'undone' | 'kept' | 'added' | 'removed' | number;

/** How the power fails. */
export interface PowerCut {
  /** `any`: a random choice for each file. */
  readonly bytes: BytesAfterCut | 'any';
  readonly names: NamesAfterCut;
  readonly random: Random;
}

/** Returns numbers from 0 to below 1. The same seed gives the same numbers. */
export type Random = () => number;

/** The generator mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`. */
export function integer(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[integer(random, 0, choices.length - 1)] ?? choices[0];
}

/** All ways to lose names, each with all ways to lose bytes. */
export function extremeCuts(random: Random): PowerCut[] {
  const names = ['undone', 'kept', 'added', 'removed'] as const;
  const bytes = ['lost', 'kept', 'zeroed', 'torn'] as const;
  return names.flatMap((name) => bytes.map((byte) => ({ names: name, bytes: byte, random })));
}

/** A cut that chooses at random for each file and each name. */
export function randomCut(random: Random): PowerCut {
  return { bytes: 'any', names: oneOf(random, [0.1, 0.5, 0.9, 'added', 'removed']), random };
}

/**
 * The content of a file after a power cut.
 *
 * @param versions its content at the last sync, and after each change since; at least one
 */
export function cutContent(versions: readonly Buffer[], { bytes, random }: PowerCut): Buffer {
  const [synced = Buffer.alloc(0)] = versions;
  const last = versions.at(-1) ?? synced;
  if (last === synced) return synced;
  const what: BytesAfterCut =
    bytes === 'any' ? oneOf(random, ['lost', 'kept', 'zeroed', 'cut', 'torn']) : bytes;
  if (what === 'lost') return synced;
  if (what === 'kept') return last;
  if (what === 'zeroed') return resized(synced, last.length);
  const size = sizeBetween(versions, random);
  if (what === 'torn') return torn(versions, size, random);
  return resized(size <= last.length ? last : synced, size);
}

function torn(versions: readonly Buffer[], size: number, random: Random): Buffer {
  const content = Buffer.alloc(size);
  for (let begin = 0; begin < size; begin += SECTOR_BYTES) {
    const version = versions[integer(random, 0, versions.length - 1)];
    const sector = version?.subarray(begin, Math.min(begin + SECTOR_BYTES, size));
    if (sector !== undefined) content.set(sector, begin);
  }
  return content;
}

/**
 * Half of the time the size of a version, otherwise any size between the smallest and the largest.
 */
function sizeBetween(versions: readonly Buffer[], random: Random): number {
  const sizes = versions.map(({ length }) => length);
  const any = integer(random, Math.min(...sizes), Math.max(...sizes));
  return random() < 0.5 ? any : (sizes[integer(random, 0, sizes.length - 1)] ?? any);
}

function resized(content: Buffer, size: number): Buffer {
  if (size <= content.length) return content.subarray(0, size);
  return Buffer.concat([content, Buffer.alloc(size - content.length)]);
}
