import type { SchemaElement } from 'hyparquet-writer';

/** How a Parquet file holds payloads. */
export type ParquetPayload = 'text' | 'binary';

/** The columns that every file has, in lower case: no other column may have these names. */
export const FIXED_COLUMNS = ['time', 'writer', 'sequence', 'metadata', 'payload'];

const TEXT = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
} as const;

/** The schema of the files: the fixed columns, then those that were asked for, as text. */
export function parquetSchema(
  columns: readonly { readonly name: string }[],
  payload: ParquetPayload,
): SchemaElement[] {
  return [
    { name: 'shoebox', num_children: FIXED_COLUMNS.length + columns.length },
    {
      name: 'time',
      type: 'INT64',
      repetition_type: 'OPTIONAL',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    },
    { name: 'writer', repetition_type: 'OPTIONAL', ...TEXT },
    { name: 'sequence', type: 'INT64', repetition_type: 'OPTIONAL' },
    {
      name: 'metadata',
      repetition_type: 'REQUIRED',
      converted_type: 'MAP',
      logical_type: { type: 'MAP' },
      num_children: 1,
    },
    { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
    { name: 'key', repetition_type: 'REQUIRED', ...TEXT },
    { name: 'value', repetition_type: 'REQUIRED', ...TEXT },
    {
      name: 'payload',
      repetition_type: 'REQUIRED',
      ...(payload === 'text' ? TEXT : { type: 'BYTE_ARRAY' as const }),
    },
    ...columns.map(({ name }): SchemaElement => ({ name, repetition_type: 'OPTIONAL', ...TEXT })),
  ];
}

/** The elements from the root to one of the fixed columns, given their names. */
export function columnPath(schema: readonly SchemaElement[], names: readonly string[]) {
  const [root] = schema;
  const below = names.flatMap((name) => schema.find((element) => element.name === name) ?? []);
  return root === undefined ? below : [root, ...below];
}
