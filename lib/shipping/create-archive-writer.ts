import { type OptionNames, readOptions } from '../format/option-names.js';
import {
  parseRollingWriteOptions,
  ROLLING_WRITE_OPTION_NAMES,
  type RollingWriteOptions,
} from '../writing/rolling-write-options.js';
import { RollingWriteStream } from '../writing/rolling-write-stream.js';
import { RETAIN_OPTION_NAMES, type RetainSettings, Retention } from './retention.js';
import { SHIP_OPTION_NAMES } from './ship-options.js';
import { Shipper } from './shipper.js';
import {
  parseRetention,
  planShipping,
  type ShippingOptions,
  type ShippingPlan,
  shipperOptions,
} from './shipping-plan.js';

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
  retain: RETAIN_OPTION_NAMES,
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
  const { compress, retain, ship, ...rolling } = readOptions(given, ARCHIVE_WRITER_OPTION_NAMES);
  const plan = planShipping(rolling, { compress, ship });
  const settings = parseRetention(retain, plan);
  const shipper = plan && new Shipper(shipperOptions(rolling, plan));
  const endTimeout = plan?.settings.endTimeoutMs;
  const writer = new RollingWriteStream({ ...rolling, shipper, endTimeout });
  if (settings !== undefined) retainFor(writer, rolling, { ...settings, plan, shipper });
  return writer;
}

/** Deletes old archives as long as the writer lives. */
function retainFor(
  writer: ArchiveWriter,
  rolling: RollingWriteOptions,
  {
    plan,
    shipper,
    ...settings
  }: RetainSettings & {
    readonly plan: ShippingPlan | undefined;
    readonly shipper: Shipper | undefined;
  },
): void {
  const { clock, directory, files, template } = parseRollingWriteOptions(rolling);
  const retention = new Retention({
    ...{ ...settings, clock, files },
    directories: () => [directory],
    pattern: template.pattern,
    deletes: plan?.isInPlace ? 'compressed' : 'sealed',
    witnessOf: () => (plan?.isInPlace ? null : (shipper ?? null)),
    onExpired: (archive) => writer.emit('expired', archive),
    onFailed: (archive, error) => writer.emit('failed', { archive, operation: 'retain', error }),
  });
  const look = () => void retention.look();
  writer.on('sealed', look).on('shipped', look);
  writer.once('close', () => void retention.stop());
  retention.start();
}
