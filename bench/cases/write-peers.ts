import { join } from 'node:path';

import { writeAvro } from '../peers/avsc.js';
import { writeMcap } from '../peers/mcap.js';
import { writePinoRoll } from '../peers/pino-roll.js';
import { writeRotatingFileStream } from '../peers/rotating-file-stream.js';
import { DOCUMENTED, LARGE_WRITES, writeSonicBoom } from '../peers/sonic-boom.js';
import { writeCase } from './write-case.js';

export const writeAvsc = writeCase((directory, input) =>
  writeAvro(join(directory, 'records.avro'), input),
);

export const writeMcapFile = writeCase((directory, input) =>
  writeMcap(join(directory, 'records.mcap'), input),
);

export const writeSonicBoomLines = writeCase((directory, input) =>
  writeSonicBoom(join(directory, 'records.log'), input, DOCUMENTED),
);

export const writeSonicBoomLarge = writeCase((directory, input) =>
  writeSonicBoom(join(directory, 'records.log'), input, LARGE_WRITES),
);

export const writePinoRollLines = writeCase(writePinoRoll);

export const writeRotatingLines = writeCase(writeRotatingFileStream);
