import { resolve } from 'node:path';

import { quote, toMessage } from '../errors/show.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { parseFileMode, withFileMode } from '../files/file-mode.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { openStore } from '../stores/open-store.js';
import {
  parseRollingWriteOptions,
  ROLLING_WRITE_OPTION_NAMES,
  type RollingWriteOptions,
} from '../writing/rolling-write-options.js';
import { RollingWriteStream } from '../writing/rolling-write-stream.js';
import { parseShipOptions, SHIP_OPTION_NAMES, type ShipOptions } from './ship-options.js';
import { Shipper } from './shipper.js';

/** Options of a writer, and of the shipping of its archives. */
export interface ArchiveWriterOptions extends Omit<RollingWriteOptions, 'shipper' | 'endTimeout'> {
  /**
   * Ships each sealed archive to a store: compresses it with gzip, has the store confirm it, then
   * deletes, keeps or moves the local file. Cannot be combined with handlers that move or delete
   * the file.
   * @default archives stay in the directory
   */
  readonly ship?: ShipOptions | undefined;
}

const { shipper: _, endTimeout: __, ...WRITE_NAMES } = ROLLING_WRITE_OPTION_NAMES;

const ARCHIVE_WRITER_OPTION_NAMES: OptionNames<ArchiveWriterOptions> = {
  ...WRITE_NAMES,
  ship: SHIP_OPTION_NAMES,
};

/** A `RollingWriteStream`, whose events are typed. */
export type ArchiveWriter = RollingWriteStream;

/**
 * Creates a Writable that writes records into the archives of a series and ships them. Only
 * `directory` is required; it must exist.
 *
 * @throws TypeError, RangeError or TemplateError for options that are invalid, alone or together
 */
export function createArchiveWriter(given: ArchiveWriterOptions): ArchiveWriter {
  const options = readOptions(given, ARCHIVE_WRITER_OPTION_NAMES);
  const { ship, ...rolling } = options;
  if (ship === undefined) return new RollingWriteStream(rolling);
  // Before a store is opened, and with the messages for each option.
  const { clock, directory, files, handlers, template } = parseRollingWriteOptions(rolling);
  const mover = handlers.find((handler) => handler.movesFile);
  if (mover !== undefined) {
    throw new TypeError(
      `handler ${toMessage(mover.name ?? 'that moves files')} does not go with ship, ` +
        'which settles each file: choose ship.localFile instead',
    );
  }
  const settings = parseShipOptions(ship);
  const mode = parseFileMode(options.mode);
  const store = openStore(ship.to, {
    ...(ship.s3 === undefined ? {} : { s3: ship.s3 }),
    directory: { files: withFileMode(nodeFileLayer, mode) },
  });
  const ownsStore = store !== ship.to;
  if (ship.s3 !== undefined && !(ownsStore && /^s3:/i.test(String(ship.to)))) {
    throw new TypeError(`ship.s3 goes with an s3:// URL, but ship.to is ${toMessage(store.name)}`);
  }
  if (typeof settings.localFile === 'object') checkMoveTo(settings.localFile.moveTo, directory);
  const shipper = new Shipper({
    ...settings,
    store,
    ownsStore,
    directory,
    pattern: template.pattern,
    areNamesOwn: template.isDistinct,
    doNamesHoldWriter: template.holdsWriter,
    writesLines: options.format === 'jsonl',
    files,
    clock,
  });
  return new RollingWriteStream({ ...rolling, shipper, endTimeout: settings.endTimeoutMs });
}

function checkMoveTo(moveTo: string, directory: string): void {
  if (resolve(moveTo) !== resolve(directory)) return;
  throw new RangeError(
    `ship.localFile.moveTo is ${quote(moveTo)}, the writer's own directory: choose 'keep' instead`,
  );
}
