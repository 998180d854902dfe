declare module 'pino-roll' {
  import type { SonicBoom, SonicBoomOpts } from 'sonic-boom';

  /** A `SonicBoom` that starts a new file when the current one reaches `size`. */
  export default function build(
    options: Omit<SonicBoomOpts, 'dest'> & { readonly file: string; readonly size: string },
  ): Promise<SonicBoom>;
}
