import type { OpenAPIObject } from '@nestjs/swagger';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { previewDocument } from '../preview-document.js';
import { describeApi } from './openapi.document.js';

const committed = new URL('../../../../libs/api-client/openapi.json', import.meta.url);

describe(describeApi.name, () => {
  let text: string;
  let document: OpenAPIObject;

  beforeAll(async () => {
    text = await previewDocument();
    document = JSON.parse(text) as OpenAPIObject;
  });

  const operations = () =>
    Object.values(document.paths).flatMap((item) =>
      [item.get, item.post, item.patch, item.put, item.delete].filter((operation) => operation !== undefined),
    );

  it('is what is committed: after a change run `npm run generate`', async () => {
    expect(text).toBe(await readFile(committed, 'utf8'));
  });

  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.0');
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // The addresses of the original tool have their slash.
        'no-path-trailing-slash': 'off',
        // `default` is every problem.
        'operation-4xx-response': 'off',
        // What the WebSocket sends has no path.
        'no-unused-components': 'off',
      },
    });
    const found = await lintFromString({ source: text, config });
    expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  it('names every operation once, declares every header and query once, and every problem', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, parameters = [], responses } of operations()) {
      const names = parameters.map((parameter) => ('name' in parameter ? parameter.name.toLowerCase() : ''));
      expect([operationId, names]).toEqual([operationId, [...new Set(names)]]);
      expect(responses).toHaveProperty('default');
    }
  });

  it('has no anonymous schemas in bodies and answers, and integers where numbers are whole', () => {
    for (const { operationId, requestBody, responses } of operations()) {
      for (const holder of [requestBody, ...Object.values(responses)]) {
        if (!holder || !('content' in holder)) continue;
        const schema = holder.content?.['application/json']?.schema;
        if (schema) expect([operationId, Object.keys(schema)]).toEqual([operationId, ['$ref']]);
      }
    }
    const numbers = [...text.matchAll(/"(\w+)": \{\s*"type": (?:"number"|\[\s*"number")/g)].map(
      ([, name]) => name,
    );
    expect(new Set(numbers)).toEqual(new Set(['duration']));
  });

  it('fails the lint for a document that is not valid', async () => {
    const broken = {
      ...document,
      paths: { '/x/{id}': { get: { responses: { '200': { description: 'x' } } } } },
    };
    const found = await lintFromString({
      source: JSON.stringify(broken),
      config: await createConfig({ extends: ['minimal'] }),
    });
    expect(found.length).toBeGreaterThan(0);
  });
});
