import { createHash, randomBytes } from 'node:crypto';

import {
  checkWriterId,
  FORMAT_OPTION_NAMES,
  type FormatOptions,
  type FormatSettings,
  parseFormatOptions,
} from '../codec/create-record-encoder.js';
import type { ArchiveFormat } from '../codec/records/record-encoder.js';
import { quote, show } from '../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../files/file-layer.js';
import { parseFileMode, withFileMode } from '../files/file-mode.js';
import { MAX_INDEXED_KEY_BYTES, MAX_INDEXED_KEYS } from '../format/metadata-index.js';
import { nearest, type OptionNames, readOptions } from '../format/option-names.js';
import {
  checkClock,
  checkFiles,
  checkFlag,
  checkPath,
  checkSignal,
  parseChoice,
} from '../format/option-values.js';
import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import { WRITER_BYTES } from '../format/version-2.js';
import { ArchiveTemplate, DEFAULT_TEMPLATE } from '../series/names/archive-template.js';
import { type Clock, systemClock } from '../streams/clock.js';
import { type ArchiveHandler, isArchiveHandler } from './handlers/archive-handler.js';
import type { ArchiveShipper } from './handlers/archive-shipper.js';
import { rollByAge, rollBySize } from './policies/roll-policies.js';
import { type RollOption, type RollPolicy, toRollPolicy } from './policies/roll-policy.js';
import type { SyncMode } from './sink/archive-sync.js';

/** Where and how a series is written. */
export interface RollingWriteOptions extends FormatOptions {
  /** The directory of the archives. It must exist, unless `createDirectory` is true. */
  readonly directory: string;
  /**
   * Whether to create the directory, and its parents, if it is missing. By default a missing
   * directory is an error, because it may be a disk that is not mounted. @default false
   */
  readonly createDirectory?: boolean | undefined;
  /**
   * How archives are named: strftime directives as in Python, and tokens such as `[[SEQUENCE]]`
   * (see `ArchiveTemplate`). @default 'events_%Y-%m-%dT%H-%M-%S_[[WRITER]]-[[SEQUENCE]].events'
   */
  readonly template?: string | undefined;
  /** Whether the template's times are UTC, not local. @default true */
  readonly utc?: boolean | undefined;
  /** When to continue in a new archive. @default [rollBySize('100 MiB'), rollByAge('5m')] */
  readonly roll?: RollOption | undefined;
  /**
   * Metadata keys by whose values readers find records: `['event', 'tenant']`. Each archive gets a
   * metadata index at its end, with which a reader's `where` skips blocks and whole archives
   * without the wanted values. Only with format `'v2'`, at most 32 keys of 1,024 bytes. Costs the
   * writer little, and up to 2 bytes per distinct value in each block. @default none
   */
  readonly index?: readonly string[] | undefined;
  /** Called for each archive, in this order, before it is shipped. @default none */
  readonly handlers?: readonly ArchiveHandler[] | undefined;
  /**
   * How the writer treats an input that is not a record: `'fail'` ends the stream with a
   * `RecordError`, `'skip'` skips the input, emits `invalid` and counts it in `stats().skipped`. @default 'fail'
   */
  readonly invalid?: 'fail' | 'skip' | undefined;
  /**
   * When written records are synced, so that they survive a power loss: `'always'` before the
   * callback of a write, with one sync for all records that wait; `'everysec'` every second; `'no'`
   * when the archive is sealed. Waiting for `synced` of a receipt, and `flush`, force a sync in any
   * case. @default 'everysec'
   */
  readonly sync?: SyncMode | undefined;
  /** How long a record may wait in memory before it is written to the file. @default '1s' */
  readonly flushInterval?: Duration | undefined;
  /**
   * How many bytes of payload may wait in Node's queue before `write` returns false and `append`
   * throws a `BacklogFullError`. The queue also holds 1,024 records at most. @default '64 MiB'
   */
  readonly maxPendingBytes?: ByteCount | undefined;
  /**
   * How many bytes may be written but not synced. They stay in memory, since a failed sync may have
   * lost them. At half of this number a sync begins; at all of it, writing waits for a sync. With
   * `sync: 'no'` none are kept. A larger number can be slower, because the writer cycles through
   * all of that memory. @default '8 MiB'
   */
  readonly maxUnsyncedBytes?: ByteCount | undefined;
  /**
   * Destroys the stream when it aborts: accepted records are sealed, and shipping is not waited
   * for.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The writer's id: 8 bytes that no other writer has. If an archive in the directory, where handlers
   * have moved it, or in the store already holds records with it, the writer ends with
   * `ERR_WRITER_ID_TAKEN`; if the store does not say within `endTimeout`, with
   * `ERR_WRITER_ID_UNCHECKED`. Unless the template has `[[WRITER]]`, three small requests are made
   * for each object of the series. A text stands for the first 8 bytes of its SHA-256. With
   * `sequences: 'given'` it is no error that records exist: name the source, always in the same way.
   * @default random
   */
  readonly writerId?: Uint8Array | string | undefined;
  /**
   * `'own'`: the writer numbers its records from 0. `'given'`: each record brings its number, such as
   * its offset in a partition, as `record.sequence`; without one it is a `RecordError`. A record
   * whose sequence the series already holds is not written again (see `stats().alreadyArchived`),
   * and its receipts settle as the archived one gets safe. Numbers may be missing, and come from
   * several processes and hosts with one `writerId`, which is then required: readers emit each
   * record once. Give records their `time`, too: two records with one number must not differ. Only
   * with format `'v2'`. @default 'own'
   */
  readonly sequences?: 'own' | 'given' | undefined;
  /** Takes over sealed archives. `createArchiveWriter` makes one from its option `ship`. */
  readonly shipper?: ArchiveShipper | undefined;
  /**
   * How long `end` waits for a disk that refuses to write, before it fails with the disk's error,
   * and then for the store, before it fails with `ShippingPendingError`. @default '60s'
   */
  readonly endTimeout?: Duration | undefined;
  /**
   * The permissions of the files that the writer creates: archives, leases, journals, recovered
   * copies, and objects of a directory that `ship.to` names. The process's umask may take some of
   * them away, and adds none. Directories that Shoebox creates have 0o700. @default 0o600
   */
  readonly mode?: number | undefined;
  /** The source of time, and of timers. @default systemClock */
  readonly clock?: Clock | undefined;
  /** The file system: specs inject faults here. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

/** All options of a rolling writer. */
export const ROLLING_WRITE_OPTION_NAMES: OptionNames<RollingWriteOptions> = {
  ...FORMAT_OPTION_NAMES,
  directory: true,
  createDirectory: checkFlag,
  template: true,
  utc: checkFlag,
  roll: true,
  index: true,
  handlers: true,
  invalid: true,
  sync: true,
  flushInterval: true,
  maxPendingBytes: true,
  maxUnsyncedBytes: true,
  signal: checkSignal,
  writerId: true,
  sequences: true,
  shipper: true,
  endTimeout: true,
  mode: true,
  clock: checkClock,
  files: checkFiles,
};

/** `RollingWriteOptions`, checked, with its defaults. */
export interface RollingWriteSettings {
  readonly directory: string;
  readonly createDirectory: boolean;
  readonly template: ArchiveTemplate;
  readonly policy: RollPolicy;
  readonly handlers: readonly ArchiveHandler[];
  readonly invalid: 'fail' | 'skip';
  readonly syncMode: SyncMode;
  readonly flushIntervalMs: number;
  readonly maxPendingBytes: number;
  readonly maxUnsyncedBytes: number;
  readonly endTimeoutMs: number;
  readonly writerId: Uint8Array;
  /** Whether no archive may hold records with the id yet: it is given, but no sequences are. */
  readonly isWriterOnce: boolean;
  readonly sequences: 'own' | 'given';
  readonly shipper: ArchiveShipper | undefined;
  readonly signal: AbortSignal | undefined;
  readonly settings: FormatSettings;
  /** In UTF-8. */
  readonly indexedKeys: readonly Buffer[];
  readonly clock: Clock;
  readonly files: FileLayer;
}

/** @throws TemplateError, RangeError or TypeError for an option that makes no sense */
export function parseRollingWriteOptions(given: RollingWriteOptions): RollingWriteSettings {
  const options = readOptions(given, ROLLING_WRITE_OPTION_NAMES);
  // `??` would take null, which is a mistake, for the default.
  const {
    directory,
    createDirectory = false,
    index = [],
    handlers = [],
    template = DEFAULT_TEMPLATE,
    utc = true,
    roll = [rollBySize('100 MiB'), rollByAge('5m')],
    flushInterval = '1s',
    maxPendingBytes = '64 MiB',
    maxUnsyncedBytes = '8 MiB',
    endTimeout = '60s',
    writerId = randomBytes(WRITER_BYTES),
    clock = systemClock,
    files = nodeFileLayer,
  } = options;
  checkPath('directory', directory);
  const settings = parseFormatOptions(options);
  const sequences = parseSequences(options, settings.format);
  return {
    directory,
    createDirectory,
    handlers: checkHandlers(handlers),
    invalid: parseChoice('invalid', options.invalid, ['fail', 'skip']),
    syncMode: parseChoice('sync', options.sync, ['everysec', 'no', 'always']),
    template: new ArchiveTemplate(template, { utc }),
    policy: toRollPolicy(roll),
    flushIntervalMs: parseDurationMs(flushInterval, 'flushInterval'),
    maxPendingBytes: parseByteCount(maxPendingBytes, 'maxPendingBytes'),
    maxUnsyncedBytes: parseByteCount(maxUnsyncedBytes, 'maxUnsyncedBytes'),
    endTimeoutMs: parseDurationMs(endTimeout, 'endTimeout'),
    sequences,
    isWriterOnce: options.writerId !== undefined && sequences === 'own',
    writerId: parseWriterId(writerId),
    shipper: options.shipper,
    signal: options.signal,
    settings,
    indexedKeys: parseIndexedKeys(index, settings.format),
    clock,
    files: withFileMode(files, parseFileMode(options.mode)),
  };
}

function parseIndexedKeys(keys: readonly string[], format: ArchiveFormat): Buffer[] {
  if (!Array.isArray(keys)) throw new TypeError(`index is ${show(keys)}, expected a list of keys`);
  if (keys.length > 0 && format !== 'v2') {
    throw new TypeError(`index goes with format 'v2', not with ${show(format)}`);
  }
  if (keys.length > MAX_INDEXED_KEYS) {
    throw new RangeError(`index has ${keys.length} keys, expected at most ${MAX_INDEXED_KEYS}`);
  }
  return Array.from(keys, (key, at) => {
    const name = `index[${at}]`;
    if (typeof key !== 'string' || !key.isWellFormed()) {
      throw new TypeError(`${name} is ${show(key)}, expected a key that UTF-8 can hold`);
    }
    if (keys.indexOf(key) !== at) throw new RangeError(`${name} is ${quote(key)} once more`);
    const bytes = Buffer.from(key);
    if (bytes.length <= MAX_INDEXED_KEY_BYTES) return bytes;
    const limit = `expected at most ${MAX_INDEXED_KEY_BYTES}`;
    throw new RangeError(`${name} has ${bytes.length} bytes, ${limit}`);
  });
}

function parseSequences(
  { sequences, writerId }: RollingWriteOptions,
  format: ArchiveFormat,
): 'own' | 'given' {
  const parsed = parseChoice('sequences', sequences, ['own', 'given']);
  if (parsed === 'own') return parsed;
  if (format !== 'v2') {
    throw new TypeError(`sequences 'given' goes with format 'v2', not with ${show(format)}`);
  }
  if (writerId === undefined) {
    throw new TypeError("sequences is 'given', and writerId is missing: name the source there");
  }
  return parsed;
}

function parseWriterId(writerId: Uint8Array | string): Uint8Array {
  if (typeof writerId === 'string') {
    if (writerId === '') throw new RangeError('writerId is "", expected a name, or 8 bytes');
    return createHash('sha256').update(writerId).digest().subarray(0, WRITER_BYTES);
  }
  checkWriterId(writerId);
  // A copy, since the caller may change its own bytes, and each block holds the id.
  return Uint8Array.from(writerId);
}

/** The functions of a handler. */
const HOOKS: readonly (keyof ArchiveHandler)[] = ['onOpen', 'onSealed', 'locate'];

/** A handler may have members of its own, but not a function whose name is a slip of a hook's. */
function checkHookNames(handler: ArchiveHandler, path: string): void {
  for (const name in handler) {
    const isHook = HOOKS.some((hook) => hook === name);
    if (isHook || typeof Reflect.get(handler, name) !== 'function') continue;
    const near = nearest(name, HOOKS);
    if (near === undefined) continue;
    throw new TypeError(`${path} has an unknown function ${quote(name)}: did you mean "${near}"?`);
  }
}

/**
 * Handlers are often plain JavaScript or come from a configuration, so their types prove nothing.
 */
function checkHandlers(handlers: readonly ArchiveHandler[]): readonly ArchiveHandler[] {
  if (!Array.isArray(handlers)) {
    throw new TypeError(`handlers is ${show(handlers)}, expected a list`);
  }
  for (const [at, handler] of handlers.entries()) {
    if (isArchiveHandler(handler)) {
      checkHookNames(handler, `handlers[${at}]`);
      continue;
    }
    const found = show(handler);
    throw new TypeError(`handlers[${at}] is ${found}, expected onOpen, onSealed or both`);
  }
  return [...handlers];
}
