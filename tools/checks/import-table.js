/**
 * Who may import whom: the table of docs/architecture.md, held by
 * `@nx/enforce-module-boundaries` (eslint.config.js) and shown to fire by
 * tools/checks/boundaries.spec.ts.
 */
const libs = [
  'domain',
  'config',
  'process',
  'embedded',
  'database',
  'queue',
  'storage',
  'git',
  'engine',
  'registry',
];

export const importTable = {
  domain: [],
  config: ['domain'],
  process: ['domain'],
  embedded: ['domain', 'config', 'process'],
  database: ['domain', 'config', 'testing'],
  queue: ['domain', 'config', 'testing'],
  storage: ['domain', 'config', 'testing'],
  git: ['domain', 'config', 'process', 'testing'],
  engine: ['domain', 'config', 'process', 'testing'],
  registry: ['domain', 'config', 'process', 'testing'],
  api: ['domain', 'config', 'database', 'queue', 'storage', 'testing'],
  worker: [...libs, 'testing'],
  'api-client': [],
  web: ['api-client'],
  testing: ['domain', 'config', 'process', 'embedded'],
  tools: [...libs, 'testing', 'api-client'],
};
