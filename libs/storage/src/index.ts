export * from './blob-storage.js';
export * from './folder-storage.js';
export * from './kept-layout.js';
export * from './layout-archive.js';
export * from './open-storage.js';
export { LayoutInvalid, type Descriptor } from './oci-layout.js';
