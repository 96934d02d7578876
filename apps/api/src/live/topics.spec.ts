import { describe, expect, it } from 'vitest';
import { parseRequest, parseTopic } from './topics.js';

describe(parseTopic.name, () => {
  it.each([
    ['builds', { kind: 'builds' }],
    ['repositories', { kind: 'repositories' }],
    ['queue', { kind: 'queue' }],
    ['builds/7', { kind: 'build', id: 7 }],
    ['builds/7/logs', { kind: 'build-logs', id: 7 }],
    ['repositories/2147483647', { kind: 'repository', id: 2_147_483_647 }],
    ['repositories/7/logs', null],
    ['repositories/2147483648', null],
    ['builds/0', null],
    ['builds/07x', null],
    ['builds/', null],
    ['BUILDS', null],
    ['', null],
  ])('%j', (text, topic) => expect(parseTopic(text)).toEqual(topic));
});

describe(parseRequest.name, () => {
  it('reads the two events, with the line a reader has', () => {
    expect(parseRequest('{"event":"subscribe","data":{"topic":"builds/1/logs","after":5}}')).toEqual({
      event: 'subscribe',
      topic: 'builds/1/logs',
      after: 5,
    });
    expect(parseRequest('{"event":"unsubscribe","data":{"topic":"builds"}}')?.after).toBe(0);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"event":"log","data":{"topic":"builds"}}',
    '{"event":"subscribe","data":null}',
    '{"event":"subscribe","data":{"topic":1}}',
    '{"event":"subscribe","data":{"topic":"builds","after":-1}}',
    '{"event":"subscribe","data":{"topic":"builds","after":"1"}}',
    '{"event":"subscribe","data":{"topic":"builds","after":1e300}}',
  ])('is null for %s', (text) => expect(parseRequest(text)).toBeNull());
});
