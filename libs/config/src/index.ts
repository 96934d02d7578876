export * from './configuration.js';
export * from './configuration-documents.js';
export * from './configuration-error.js';
export * from './environment-of-children.js';
export { isLoopback } from './rules.js';
export {
  buildEngineChoices,
  buildIsolations,
  type BuildEngineChoice,
  type BuildIsolation,
} from './variables.js';
