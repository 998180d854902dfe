import { join } from 'node:path';

import { readAvro, writeAvroForReading } from '../peers/avsc.js';
import { readMcap, writeMcap } from '../peers/mcap.js';
import { readCase } from './read-case.js';

const avroIn = (directory: string) => join(directory, 'records.avro');

export const readAvsc = readCase(
  (directory, input) => writeAvroForReading(avroIn(directory), input),
  (directory, found) =>
    readAvro(avroIn(directory), ({ metadata, payload }) => found.addBoth(metadata, payload)),
);

export const readAvscPayload = readCase(
  (directory, input) => writeAvroForReading(avroIn(directory), input),
  (directory, found) => readAvro(avroIn(directory), ({ payload }) => found.addPayload(payload)),
);

const mcapIn = (directory: string) => join(directory, 'records.mcap');

export const readMcapFile = readCase(
  (directory, input) => writeMcap(mcapIn(directory), input),
  (directory, found) =>
    readMcap(mcapIn(directory), (metadata, payload) => found.addBoth(metadata, payload)),
);
