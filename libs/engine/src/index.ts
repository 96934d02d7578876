export * from './build-engine.js';
export * from './dockerfile-plan.js';
export * from './dockerfile-source.js';
export * from './layout.js';
export * from './select-engine.js';
export * from './buildah/build-user.js';
export * from './buildah/buildah-engine.js';
export type { RegistryMirror } from './buildah/container-files.js';
export * from './fake/fake-engine.js';
