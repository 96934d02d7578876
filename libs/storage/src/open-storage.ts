import { fileURLToPath } from 'node:url';
import type { BlobStorage } from './blob-storage.js';
import { FolderStorage } from './folder-storage.js';

/** The storage at a `STORAGE_URL`, which is `file:///...`. Throws TypeError for another scheme. */
export function openStorage(storageUrl: string): BlobStorage {
  return new FolderStorage(fileURLToPath(storageUrl));
}
