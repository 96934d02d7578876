import { describe, expect, it } from 'vitest';
import { registryOf } from '@nohands/domain';
import { pushErrorOf, saysNotFound } from './push-error.js';
import type { RegistryAccess } from './registry-access.js';

const access: RegistryAccess = {
  registry: registryOf('registry.example.org'),
  credentials: { username: 'builder', password: 'hunter22?' },
  insecureRegistries: [],
  workDirectory: '/nowhere',
  deadlineMs: 1000,
};
const fatal = (message: string) =>
  `time="..." level=warning msg="x"\ntime="..." level=fatal msg=${JSON.stringify(message)}\n`;
const reading = 'Error parsing image name "docker://r/app:v1": reading manifest v1 in r/app: ';

describe(pushErrorOf.name, () => {
  it.each([
    ['push_denied', `${reading}unauthorized: authentication required`],
    ['push_denied', `${reading}denied`],
    ['push_denied', `${reading}StatusCode: 403, {"errors":[]}`],
    ['push_denied', 'writing blob: denied: requested access to the resource is denied'],
    ['push_denied', 'initiating layer upload: errors: unauthorized: project app not found'],
    [
      'registry_unreachable',
      'pinging container registry: dial tcp 10.0.0.1:443: connect: connection refused',
    ],
    ['registry_unreachable', 'pinging container registry: dial tcp: lookup r.example: no such host'],
    ['registry_unreachable', `${reading}StatusCode: 429, slow down`],
    ['registry_unreachable', `${reading}received unexpected HTTP status: 502 Bad Gateway`],
    ['registry_unreachable', 'writing blob: Patch "http://r/v2/": EOF'],
    ['push_rejected', 'pinging container registry: http: server gave HTTP response to HTTPS client'],
    ['push_rejected', 'Get "https://r/v2/": x509: certificate signed by unknown authority'],
    ['push_rejected', 'writing manifest: manifest invalid: manifest invalid'],
    ['push_rejected', 'open /var/lib/x: permission denied'],
  ])('is %s for: %s', (code, words) => {
    const error = pushErrorOf(access, fatal(words));
    expect(error.code).toBe(code);
    expect(error.message).toContain('registry.example.org');
    expect(error.message).toMatch(/: .+\. The image is kept\.$/);
  });

  it('shows no credentials and no signed addresses', () => {
    const basic = Buffer.from('builder:hunter22?').toString('base64');
    const words = `Patch "http://r/v2/app/blobs/uploads/1?_state=signed": hunter22? hunter22%3F Basic ${basic}`;
    const { detail } = pushErrorOf(access, fatal(words));
    expect(detail).toBe('Patch "http://r/v2/app/blobs/uploads/1": *** *** Basic ***');
  });

  it('keeps the tail of words that are no log line', () => {
    expect(pushErrorOf(access, 'panic: oh\n').detail).toBe('panic: oh');
  });
});

describe(saysNotFound.name, () => {
  it.each([
    'manifest unknown',
    'unknown: artifact app:v1 not found',
    'StatusCode: 404, nope',
    'name unknown: x',
  ])('knows the words: %s', (words) => expect(saysNotFound(fatal(reading + words))).toBe(true));

  it.each(['denied', 'StatusCode: 500, x', 'dial tcp: lookup r: no such host'])(
    'is not taken in by: %s',
    (words) => expect(saysNotFound(fatal(reading + words))).toBe(false),
  );
});
