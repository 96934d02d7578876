import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationDocument, environmentExample } from './configuration-documents.js';

function committed(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

describe(configurationDocument.name, () => {
  it('is committed as it is generated (npm run generate)', () => {
    expect(committed('docs/configuration.md')).toBe(configurationDocument());
    expect(committed('.env.example')).toBe(environmentExample());
  });
});
