import { type OptionNames, readOptions } from '../format/option-names.js';
import {
  ROLLING_WRITE_OPTION_NAMES,
  type RollingWriteOptions,
} from '../writing/rolling-write-options.js';
import { RollingWriteStream } from '../writing/rolling-write-stream.js';
import { SHIP_OPTION_NAMES } from './ship-options.js';
import { Shipper } from './shipper.js';
import { planShipping, type ShippingOptions, shipperOptions } from './shipping-plan.js';

/** Options of a writer, and of the shipping of its archives. */
export interface ArchiveWriterOptions
  extends Omit<RollingWriteOptions, 'shipper' | 'endTimeout'>,
    ShippingOptions {}

const { shipper: _, endTimeout: __, ...WRITE_NAMES } = ROLLING_WRITE_OPTION_NAMES;

/** All options of a writer that ships. */
export const ARCHIVE_WRITER_OPTION_NAMES: OptionNames<ArchiveWriterOptions> = {
  ...WRITE_NAMES,
  ship: SHIP_OPTION_NAMES,
  compress: true,
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
  const { compress, ship, ...rolling } = readOptions(given, ARCHIVE_WRITER_OPTION_NAMES);
  const plan = planShipping(rolling, { compress, ship });
  if (plan === undefined) return new RollingWriteStream(rolling);
  const shipper = new Shipper(shipperOptions(rolling, plan));
  return new RollingWriteStream({ ...rolling, shipper, endTimeout: plan.settings.endTimeoutMs });
}
