import { isSameFile } from '../../files/same-file.js';
import { type FoundArchive, type FoundFile, LocalArchive } from '../opening/found-archive.js';

/**
 * Leaves out the open name of an archive that has its sealed name, too, among `archives`: as it is sealed it
 * has both for a moment, and after a crash in that moment until it is recovered. For archives whose records
 * have no sequence to tell repeats by.
 */
export async function leaveOutLinkedTwins(
  archives: readonly FoundArchive[],
): Promise<FoundArchive[]> {
  const linked = new Map<FoundArchive, FoundFile>();
  for (const archive of archives) {
    const file = archive instanceof LocalArchive ? await archive.findFile() : null;
    if (file !== null && file.status.nlink > 1) linked.set(archive, file);
  }
  const sealed = [...linked.values()].filter(({ isOpen }) => !isOpen);
  return archives.filter((archive) => {
    const file = linked.get(archive);
    return !file?.isOpen || !sealed.some((other) => isSameFile(other.status, file.status));
  });
}
