import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import {
  type FormatOptions,
  type FormatSettings,
  parseFormatOptions,
} from '../codec/create-record-encoder.js';
import { type FileLayer, nodeFileLayer } from '../files/file-layer.js';
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
  /** Where archives are written. It must exist. */
  readonly directory: string;
  /**
   * How archives are named: strftime directives as Python has them, and tokens such as `[[SEQUENCE]]`
   * (see `ArchiveTemplate`). @default 'events_%Y-%m-%dT%H-%M-%S_[[WRITER]]-[[SEQUENCE]].events'
   */
  readonly template?: string | undefined;
  /** Whether the template's times are UTC, not local. @default true */
  readonly utc?: boolean | undefined;
  /** When to go on in a new archive. @default [rollBySize('100 MiB'), rollByAge('5m')] */
  readonly roll?: RollOption | undefined;
  /** What is done with each archive, in this order, before it is shipped. @default none */
  readonly handlers?: readonly ArchiveHandler[] | undefined;
  /**
   * What becomes of what is not a record: `'fail'` ends the stream with a `RecordError`, `'skip'` leaves
   * it out and counts it in `stats().skipped`. @default 'fail'
   */
  readonly invalid?: 'fail' | 'skip' | undefined;
  /**
   * When what was written is synced, so that it lasts through a power loss: `'always'` before a write's
   * callback, one sync for all that wait; `'everysec'` every second; `'no'` when the archive is sealed. A
   * receipt's `synced` that is waited for, and `flush`, force a sync in any case. @default 'everysec'
   */
  readonly sync?: SyncMode | undefined;
  /** How long a record may wait in memory before it is written to the file. @default '1s' */
  readonly flushInterval?: Duration | undefined;
  /**
   * How many bytes of payload may wait in Node's queue before `write` returns false, beside the limit
   * of 1,024 records, and `append` throws a `BacklogFullError`. @default '64 MiB'
   */
  readonly maxPendingBytes?: ByteCount | undefined;
  /**
   * How many bytes may be written and not synced: they are kept in memory, since a sync that fails may have
   * lost them. At half of it a sync begins, at all of it writing waits for one. With `sync: 'no'` none are
   * kept. Larger is slower, where memory is: it is filled anew each time. @default '16 MiB'
   */
  readonly maxUnsyncedBytes?: ByteCount | undefined;
  /** Destroys the stream when it aborts: what was accepted is sealed, and not waited for to be shipped. */
  readonly signal?: AbortSignal | undefined;
  /** 8 bytes that tell this writer's records from all others'. @default random */
  readonly writerId?: Uint8Array | undefined;
  /** What takes over sealed archives; `createArchiveWriter` makes one of its option `ship`. */
  readonly shipper?: ArchiveShipper | undefined;
  /**
   * How long `end` waits for a disk that refuses what it is told, before it fails with the disk's error, and
   * for the store, before it fails with `ShippingPendingError`. @default '60s'
   */
  readonly endTimeout?: Duration | undefined;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
  /** @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

/** `RollingWriteOptions`, checked, with its defaults. */
export interface RollingWriteSettings {
  readonly directory: string;
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
  readonly settings: FormatSettings;
  readonly clock: Clock;
  readonly files: FileLayer;
}

/** @throws TemplateError, RangeError or TypeError for an option that makes no sense */
export function parseRollingWriteOptions(options: RollingWriteOptions): RollingWriteSettings {
  const { directory, handlers = [], invalid = 'fail', sync = 'everysec' } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError(`directory is ${JSON.stringify(directory)}, expected a path`);
  }
  if (invalid !== 'fail' && invalid !== 'skip') {
    throw new TypeError(`invalid is ${JSON.stringify(invalid)}, expected 'fail' or 'skip'`);
  }
  if (sync !== 'no' && sync !== 'everysec' && sync !== 'always') {
    const shown = JSON.stringify(sync);
    throw new TypeError(`sync is ${shown}, expected 'no', 'everysec' or 'always'`);
  }
  checkSignal(options.signal);
  return {
    directory,
    handlers: checkHandlers(handlers),
    invalid,
    syncMode: sync,
    template: new ArchiveTemplate(options.template ?? DEFAULT_TEMPLATE, {
      utc: options.utc ?? true,
    }),
    policy: toRollPolicy(options.roll ?? [rollBySize('100 MiB'), rollByAge('5m')]),
    flushIntervalMs: parseDurationMs(options.flushInterval ?? '1s', 'flushInterval'),
    maxPendingBytes: parseByteCount(options.maxPendingBytes ?? '64 MiB', 'maxPendingBytes'),
    maxUnsyncedBytes: parseByteCount(options.maxUnsyncedBytes ?? '16 MiB', 'maxUnsyncedBytes'),
    endTimeoutMs: parseDurationMs(options.endTimeout ?? '60s', 'endTimeout'),
    writerId: parseWriterId(options.writerId ?? randomBytes(WRITER_BYTES)),
    settings: parseFormatOptions(options),
    clock: options.clock ?? systemClock,
    files: options.files ?? nodeFileLayer,
  };
}

function parseWriterId(writerId: Uint8Array): Uint8Array {
  if (!(writerId instanceof Uint8Array)) {
    throw new TypeError(`writerId is ${inspect(writerId)}, expected ${WRITER_BYTES} bytes`);
  }
  if (writerId.length !== WRITER_BYTES) {
    throw new RangeError(`writerId has ${writerId.length} bytes, expected ${WRITER_BYTES}`);
  }
  // A copy: it is written into each block, whatever becomes of the caller's.
  return Uint8Array.from(writerId);
}

/** As Node would, but before anything has begun that it would have to end. */
function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) return;
  throw new TypeError(`signal is ${inspect(signal)}, expected an AbortSignal`);
}

/** Handlers are often plain JavaScript, or named in a configuration. */
function checkHandlers(handlers: readonly ArchiveHandler[]): readonly ArchiveHandler[] {
  if (!Array.isArray(handlers)) {
    throw new TypeError(`handlers is ${inspect(handlers, { depth: 0 })}, expected a list`);
  }
  for (const [at, handler] of handlers.entries()) {
    if (isArchiveHandler(handler)) continue;
    const found = inspect(handler, { depth: 0 });
    throw new TypeError(`handlers[${at}] is ${found}, expected onOpen, onSealed or both`);
  }
  return [...handlers];
}
