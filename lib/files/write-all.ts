import type { OpenFile } from './file-layer.js';

/**
 * Writes all of `bytes` at `position`, in as many calls as the system needs.
 *
 * @throws Node's error of the call that failed; `EIO` when the system takes no bytes
 */
export async function writeAll(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const left = bytes.length - written;
    const { bytesWritten } = await file.write(bytes, written, left, position + written);
    if (bytesWritten === 0) {
      throw Object.assign(new Error(`EIO: the system took 0 of ${left} bytes, write`), {
        code: 'EIO',
        syscall: 'write',
      });
    }
    written += bytesWritten;
  }
}
