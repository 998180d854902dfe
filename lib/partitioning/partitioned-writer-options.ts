import { show } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkWholeNumber } from '../format/option-values.js';
import type { ByteCount } from '../format/quantity.js';
import {
  ARCHIVE_WRITER_OPTION_NAMES,
  type ArchiveWriterOptions,
} from '../shipping/create-archive-writer.js';
import type { RetainSettings } from '../shipping/retention.js';
import { parseRetention, planShipping, type ShippingPlan } from '../shipping/shipping-plan.js';
import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
  type RollingWriteSettings,
} from '../writing/rolling-write-options.js';
import { checkPartitionPlaces } from './check-places.js';
import {
  MANIFEST_OPTION_NAMES,
  type ManifestOptions,
  type ManifestSettings,
  parseManifestOptions,
} from './manifests/manifest-options.js';
import { PartitionTemplate } from './partition-template.js';

/** How records are divided into folders, and the options of the writer of each folder. */
export interface PartitionedWriterOptions
  extends Omit<ArchiveWriterOptions, 'maxPendingBytes' | 'maxUnsyncedBytes'> {
  /**
   * The folder of each record below `directory`, as Hive names it: segments with slashes between
   * them, of text, strftime directives for the record's time (UTC), and `[[metadata.KEY]]`.
   * Characters that Hive escapes become `%` and two hex digits; a value that is missing or empty is
   * `__HIVE_DEFAULT_PARTITION__`. For example `'tenant=[[metadata.tenant]]/dt=%Y-%m-%d'`. A folder
   * whose name would have more than 255 bytes is a `RecordError` of the record.
   */
  readonly partition: string;
  /**
   * How many partitions may have a writer, and so an open archive, at a time. For another one, the
   * archive that was written to least recently is sealed. @default 64
   */
  readonly maxOpen?: number | undefined;
  /**
   * Lists the objects of each partition in manifests beside them, when its day or hour is over
   * (docs/manifest.md). Goes with `ship` and a partition that has a day or an hour.
   * @default no manifests
   */
  readonly manifests?: ManifestOptions | undefined;
  /**
   * How many bytes of payload may wait, for all partitions together, before `write` returns false and
   * `append` throws a `BacklogFullError`. @default '4 MiB'
   */
  readonly maxPendingBytes?: ByteCount | undefined;
  /**
   * How many bytes of all partitions may be written but not synced, as for a single writer.
   * @default '8 MiB'
   */
  readonly maxUnsyncedBytes?: ByteCount | undefined;
}

export const PARTITIONED_WRITER_OPTION_NAMES: OptionNames<PartitionedWriterOptions> = {
  ...ARCHIVE_WRITER_OPTION_NAMES,
  partition: true,
  maxOpen: true,
  manifests: MANIFEST_OPTION_NAMES,
  maxPendingBytes: true,
  maxUnsyncedBytes: true,
};

/** `PartitionedWriterOptions`, checked, with their defaults. */
export interface PartitionedWriterSettings {
  readonly partition: PartitionTemplate;
  readonly maxOpen: number;
  /** The options of the writer of a partition, except its directory and its shipper. */
  readonly rolling: RollingWriteOptions;
  /** The same, checked; `directory` is that of all partitions. */
  readonly writer: RollingWriteSettings;
  readonly plan: ShippingPlan | undefined;
  readonly endTimeoutMs: number;
  readonly manifests: ManifestSettings | undefined;
  readonly retain: RetainSettings | undefined;
}

const MOST_OPEN = 4096;

/** @throws TypeError, RangeError or TemplateError for options that are invalid, alone or together */
export function parsePartitionedWriterOptions(
  given: PartitionedWriterOptions,
): PartitionedWriterSettings {
  const {
    compress,
    manifests,
    maxOpen = 64,
    partition,
    retain,
    ship,
    ...rest
  } = readOptions(given, PARTITIONED_WRITER_OPTION_NAMES);
  const rolling: RollingWriteOptions = {
    maxPendingBytes: '4 MiB',
    maxUnsyncedBytes: '8 MiB',
    ...rest,
  };
  checkWholeNumber('maxOpen', maxOpen, 1, MOST_OPEN);
  const template = new PartitionTemplate(partition);
  const writer = parseRollingWriteOptions(rolling);
  if (writer.isWriterOnce) {
    throw new TypeError(
      `writerId is ${show(rest.writerId)}, but each partition has writers of its own: ` +
        "writerId goes with sequences 'given'",
    );
  }
  const plan = planShipping(rolling, { compress, ship });
  checkPartitionPlaces(writer, plan);
  const { endTimeoutMs } = plan?.settings ?? writer;
  if (manifests !== undefined && (plan === undefined || plan.isInPlace)) {
    throw new TypeError('manifests goes with ship: it lists objects of a store');
  }
  if (manifests !== undefined && template.endMicrosOf(0) === undefined) {
    throw new TypeError(
      `manifests goes with a partition by day or hour, but partition is ${show(partition)}`,
    );
  }
  return {
    retain: parseRetention(retain, plan),
    manifests: manifests && parseManifestOptions(manifests),
    partition: template,
    maxOpen,
    rolling,
    writer,
    plan,
    endTimeoutMs,
  };
}
