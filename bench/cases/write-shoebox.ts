import { writeSeries, writeUnsynced } from '../write-series.js';
import { writeCase } from './write-case.js';

export const writeShoebox = writeCase(writeUnsynced);

/** With every default but the size to roll at: archives are synced each second, and at their end. */
export const writeShoeboxSynced = writeCase((directory, input) => writeSeries(directory, input));
