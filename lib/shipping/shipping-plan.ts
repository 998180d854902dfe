import { resolve } from 'node:path';

import type { CompressionName } from '../codec/compression/members/member-format.js';
import { quote, show, toMessage } from '../errors/show.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { parseFileMode, withFileMode } from '../files/file-mode.js';
import type { Store } from '../stores/contract/store.js';
import { DirectoryStore } from '../stores/directory/directory-store.js';
import { openStore } from '../stores/open-store.js';
import type { ArchiveHandler } from '../writing/handlers/archive-handler.js';
import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
} from '../writing/rolling-write-options.js';
import { parseRetainOptions, type RetainOptions, type RetainSettings } from './retention.js';
import { parseShipOptions, type ShipOptions, type ShipSettings } from './ship-options.js';
import type { ShipperOptions } from './shipper.js';

/** The options of a writer that say whether and how its archives are shipped. */
export interface ShippingOptions {
  /**
   * Ships each sealed archive to a store: compresses it, has the store confirm it, then deletes,
   * keeps or moves the local file. Cannot be combined with handlers that move or delete the file.
   * @default archives stay in the directory
   */
  readonly ship?: ShipOptions | undefined;
  /**
   * Without `ship`: replaces each sealed archive in the directory by `NAME.gz` (`true`, `'gzip'`) or
   * `NAME.zst` (`'zstd'`, needs Node 22.15). This is shipping to the writer's own directory: the
   * compressed file is synced and read back before the plain one is deleted, the event `shipped`
   * reports it, and the next writer compresses what a crash left. Cannot be combined with `ship`,
   * which compresses, or with handlers that move or delete the file.
   * @default false
   */
  readonly compress?: boolean | 'gzip' | 'zstd' | undefined;
  /**
   * Deletes local archives that are old, or need too many bytes: those of `localFile: 'keep'` once the
   * store confirms that it has them, or all sealed ones without `ship`. The event `expired` reports each.
   * `verifyArchives` then finds the first ones missing, unless it is given the store as well.
   * @default local archives are never deleted
   */
  readonly retain?: RetainOptions | undefined;
}

/** How a writer's archives are shipped. */
export interface ShippingPlan {
  readonly settings: ShipSettings;
  readonly store: Store;
  /** Whether the writer has opened the store, and closes it. */
  readonly ownsStore: boolean;
  /** Whether the store is the writer's own directory. */
  readonly isInPlace: boolean;
}

/**
 * Opens the store that the options name.
 *
 * @returns undefined if archives stay as they are
 * @throws TypeError, RangeError or TemplateError for options that are invalid, alone or together
 */
export function planShipping(
  rolling: RollingWriteOptions,
  { compress, ship }: ShippingOptions,
): ShippingPlan | undefined {
  const compression = parseCompress(compress);
  if (compression !== undefined && ship !== undefined) {
    throw new TypeError(
      `compress is ${quote(compress)}, but ship compresses too: choose ship.compression instead`,
    );
  }
  if (ship !== undefined) return plan(rolling, ship, 'ship');
  if (compression === undefined) return undefined;
  return plan(rolling, { to: rolling.directory, compression }, 'compress');
}

/**
 * Checks how long local archives are kept; undefined if they are never deleted.
 *
 * @throws TypeError or RangeError for options that make no sense together
 */
export function parseRetention(
  retain: RetainOptions | undefined,
  plan: ShippingPlan | undefined,
): RetainSettings | undefined {
  if (retain === undefined) return undefined;
  const { localFile = 'keep' } = plan?.isInPlace ? {} : (plan?.settings ?? {});
  if (localFile !== 'keep') {
    throw new TypeError(`retain goes with ship.localFile 'keep', not with ${show(localFile)}`);
  }
  return parseRetainOptions(retain);
}

/** The options of the shipper of a writer. */
export function shipperOptions(
  rolling: RollingWriteOptions,
  { settings, ...plan }: ShippingPlan,
): ShipperOptions {
  const { clock, directory, files, template } = parseRollingWriteOptions(rolling);
  return {
    ...settings,
    ...plan,
    directory,
    pattern: template.pattern,
    // Several runs, also on other hosts, count their archives from 0 with one writer id.
    areNamesOwn: template.isDistinct && rolling.sequences !== 'given',
    doNamesHoldWriter: template.holdsWriter,
    writesLines: rolling.format === 'jsonl',
    files,
    clock,
  };
}

function plan(
  rolling: RollingWriteOptions,
  ship: ShipOptions,
  option: 'ship' | 'compress',
): ShippingPlan {
  // Before a store is opened, and with the messages for each option.
  const { directory, files, handlers } = parseRollingWriteOptions(rolling);
  checkMovers(handlers, option);
  const settings = parseShipOptions(ship);
  const mode = parseFileMode(rolling.mode);
  const isInPlace = option === 'compress';
  const store = isInPlace
    ? new DirectoryStore(directory, { files })
    : openStore(ship.to, {
        ...(ship.s3 === undefined ? {} : { s3: ship.s3 }),
        directory: { files: withFileMode(nodeFileLayer, mode) },
      });
  const ownsStore = store !== ship.to;
  if (ship.s3 !== undefined && !(ownsStore && /^s3:/i.test(String(ship.to)))) {
    throw new TypeError(`ship.s3 goes with an s3:// URL, but ship.to is ${toMessage(store.name)}`);
  }
  checkPlaces(settings, store, directory);
  return { settings, store, ownsStore, isInPlace };
}

function parseCompress(compress: ShippingOptions['compress']): CompressionName | undefined {
  switch (compress) {
    case undefined:
    case false:
      return undefined;
    case true:
      return 'gzip';
    case 'gzip':
    case 'zstd':
      return compress;
    default:
      throw new TypeError(`compress is ${quote(compress)}, expected true, 'gzip' or 'zstd'`);
  }
}

function checkMovers(handlers: readonly ArchiveHandler[], option: 'ship' | 'compress'): void {
  const mover = handlers.find((handler) => handler.movesFile);
  if (mover === undefined) return;
  const [reason, instead] = {
    ship: ['settles each file', 'ship.localFile'],
    compress: ['replaces each file', 'ship, with the directory as ship.to,'],
  }[option];
  throw new TypeError(
    `handler ${toMessage(mover.name ?? 'that moves files')} does not go with ${option}, ` +
      `which ${reason}: choose ${instead} instead`,
  );
}

function checkPlaces(settings: ShipSettings, store: Store, directory: string): void {
  const { compression, localFile } = settings;
  const isOwn = store instanceof DirectoryStore && store.name === resolve(directory);
  if (isOwn && compression.name === 'none') {
    throw new RangeError(
      `ship.to is ${quote(directory)}, the writer's own directory, and ship.compression is 'none'`,
    );
  }
  if (typeof localFile === 'object') checkMoveTo(localFile.moveTo, directory);
}

function checkMoveTo(moveTo: string, directory: string): void {
  if (resolve(moveTo) !== resolve(directory)) return;
  throw new RangeError(
    `ship.localFile.moveTo is ${quote(moveTo)}, the writer's own directory: choose 'keep' instead`,
  );
}
