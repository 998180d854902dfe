import { hostname } from 'node:os';

import type { ArchiveTemplate } from './archive-template.js';

/** Names the archives of one writer as they open. */
export class ArchiveNamer {
  readonly #template: ArchiveTemplate;
  readonly #writer: string;

  /** @param writer the writer's id, 16 hex digits */
  constructor(template: ArchiveTemplate, writer: string) {
    this.#template = template;
    this.#writer = writer;
  }

  /**
   * @param ordinal which of its writer's archives it is, counted from 0
   * @throws TemplateError when the host makes it a name that no archive may have
   */
  name(ordinal: number, timeMicros: number): string {
    return this.#template.openName({
      timeMicros,
      ordinal,
      host: hostname(),
      pid: process.pid,
      writer: this.#writer,
    });
  }
}
