import { createInputParser, type InputParser, type InputParserOptions } from './input-parser.js';

/** The parsers of a run, one for each of its inputs, which count together. */
export class InputParsers {
  readonly #options: InputParserOptions;
  readonly #parsers: InputParser[] = [];

  constructor(options: InputParserOptions) {
    this.#options = options;
  }

  create(): InputParser {
    const parser = createInputParser(this.#options);
    this.#parsers.push(parser);
    return parser;
  }

  /** Lines that became no records, and records without a time of their own. */
  stats(): { readonly skipped: number; readonly untimed: number } {
    const all = this.#parsers.map((parser) => parser.stats());
    return {
      skipped: all.reduce((sum, stats) => sum + (stats?.skipped ?? 0), 0),
      untimed: all.reduce((sum, stats) => sum + (stats?.untimed ?? 0), 0),
    };
  }
}
