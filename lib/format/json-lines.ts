/** JSON lines: one record per line (docs/format.md, "JSON lines"). */

/** Ends each line. */
export const LINE_FEED = 0x0a;
