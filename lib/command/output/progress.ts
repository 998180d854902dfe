import { escapeName } from './escape-name.js';
import { formatBytes, formatDuration } from './quantities.js';
import type { Terminal } from './terminal.js';

/** Shows how much of a known amount is done, its rate and the time left. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #begunMs = performance.now();
  #done = 0;

  constructor(terminal: Terminal, totalBytes: number) {
    this.#terminal = terminal;
    this.#total = totalBytes;
  }

  add(bytes: number, name: string): void {
    this.#done += bytes;
    const perMs = this.#done / (performance.now() - this.#begunMs);
    const percent = this.#total === 0 ? 100 : Math.floor((100 * this.#done) / this.#total);
    const left = perMs === 0 ? '' : `, ${formatDuration((this.#total - this.#done) / perMs)} left`;
    this.#terminal.showStatus(
      `${percent} %, ${formatBytes(this.#done)} of ${formatBytes(this.#total)}, ` +
        `${formatBytes(perMs * 1000)}/s${left}  ${escapeName(name)}`,
    );
  }
}
