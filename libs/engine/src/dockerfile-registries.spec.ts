import { describe, expect, it } from 'vitest';
import { registriesOf } from './dockerfile-registries.js';

describe(registriesOf.name, () => {
  it('finds hosts, not accounts, stages or variables that have no value', () => {
    const content = [
      'ARG HOST=127.0.0.1:5000',
      'FROM 127.0.0.1:5055/debian:bookworm AS base',
      'FROM node:24',
      'FROM team/app',
      'FROM ${HOST}/app',
      'FROM ${UNKNOWN}.example.org/app',
      'FROM localhost/app@sha256:' + 'a'.repeat(64),
      'COPY --from=base /a /a',
      'COPY --from=registry.example.org/tool:1 /b /b',
    ].join('\n');
    expect(registriesOf(content)).toEqual([
      ...['127.0.0.1:5055', '127.0.0.1:5000', 'localhost', 'registry.example.org'],
    ]);
  });
});
