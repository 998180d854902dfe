declare module 'pino-roll' {
  import type { SonicBoom, SonicBoomOpts } from 'sonic-boom';

  /** A `SonicBoom` that begins a new file when one has `size`. */
  export default function build(
    options: Omit<SonicBoomOpts, 'dest'> & { readonly file: string; readonly size: string },
  ): Promise<SonicBoom>;
}
