import { isUtf8 } from 'node:buffer';
import { type InspectOptions, inspect } from 'node:util';

import { escapeInLines } from '../../errors/show.js';
import { formatIsoMicros } from './iso-time.js';
import { formOf } from './payload-form.js';

/** The facts of an `ArchiveRecord` that are shown. */
interface ShownRecord {
  readonly writer: string | undefined;
  readonly sequence: number | undefined;
  readonly timeMicros: number | undefined;
  readonly archive: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** A payload above this size is not parsed: its beginning is shown. */
const LONGEST_PARSED_BYTES = 16 * 2 ** 10;

/** How much of a long text is shown. */
const PREVIEW_BYTES = 1000;

/** How many metadata are shown. */
const MOST_METADATA = 20;

/** How `console.log` shows a record: all that it has, cut where it is long. */
export function inspectRecord(record: ShownRecord, depth: number, options: InspectOptions): string {
  if (depth < 0) return '[ArchiveRecord]';
  const { archive, payload, sequence, timeMicros, writer } = record;
  const metadata = Object.entries(record.metadata);
  const rest = metadata.length - MOST_METADATA;
  const shown = {
    ...(writer !== undefined && { writer }),
    ...(sequence !== undefined && { sequence }),
    ...(timeMicros !== undefined && { time: formatIsoMicros(timeMicros) }),
    ...(archive !== undefined && { archive }),
    metadata: Object.fromEntries(metadata.slice(0, MOST_METADATA)),
    ...(rest > 0 && { 'more metadata': rest }),
    payload: payloadToShow(payload),
  };
  const dump = inspect(shown, { ...options, depth, maxStringLength: PREVIEW_BYTES });
  // Node escapes control characters, but not those that reorder text or are invisible.
  return `ArchiveRecord ${escapeInLines(dump)}`;
}

function payloadToShow(payload: Buffer): unknown {
  const form = payload.length > LONGEST_PARSED_BYTES ? undefined : formOf(payload);
  if (form?.kind === 'json') return form.value;
  if (form?.kind === 'text') return form.text;
  const beginning = form === undefined ? textAt(payload) : undefined;
  // Node shows the first 50 bytes of a buffer, and counts the others.
  if (beginning === undefined) return payload;
  const rest = payload.length - Buffer.byteLength(beginning);
  return { [inspect.custom]: () => `${inspect(beginning)}... ${rest} more bytes` };
}

/** The text that bytes begin with; undefined if they are no UTF-8. */
function textAt(bytes: Buffer): string | undefined {
  // A character may be cut after up to three of its bytes.
  for (let end = PREVIEW_BYTES; end > PREVIEW_BYTES - 4; end--) {
    const beginning = bytes.subarray(0, end);
    if (isUtf8(beginning)) return beginning.toString('utf8');
  }
  return undefined;
}
