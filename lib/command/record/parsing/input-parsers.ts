import { createInputParser, type InputParser, type InputParserOptions } from './input-parser.js';

/** The parsers of a run, one for each of its inputs, which count together. */
export class InputParsers {
  readonly #options: InputParserOptions;
  readonly #parsers = new Set<InputParser>();
  /** The counts of those that have ended. */
  readonly #ended = { skipped: 0, untimed: 0 };

  constructor(options: InputParserOptions) {
    this.#options = options;
  }

  /** @param firstLine the number of the first line, if records get the numbers of theirs as sequences */
  create(firstLine?: number): InputParser {
    const parser = createInputParser(this.#options, firstLine);
    this.#parsers.add(parser);
    parser.stream.once('close', () => {
      this.#parsers.delete(parser);
      const { skipped = 0, untimed = 0 } = parser.stats() ?? {};
      this.#ended.skipped += skipped;
      this.#ended.untimed += untimed;
    });
    return parser;
  }

  /** Lines that became no records, and records without a time of their own. */
  stats(): { readonly skipped: number; readonly untimed: number } {
    const all = [this.#ended, ...Array.from(this.#parsers, (parser) => parser.stats())];
    return {
      skipped: all.reduce((sum, stats) => sum + (stats?.skipped ?? 0), 0),
      untimed: all.reduce((sum, stats) => sum + (stats?.untimed ?? 0), 0),
    };
  }
}
