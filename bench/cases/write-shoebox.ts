import { writeSeries, writeUnsynced } from '../write-series.js';
import { writeCase } from './write-case.js';

export const writeShoebox = writeCase(writeUnsynced);

/**
 * All defaults except the size at which archives roll. Archives are synced each second and at their
 * end.
 */
export const writeShoeboxSynced = writeCase((directory, input) => writeSeries(directory, input));
