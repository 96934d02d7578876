import { describe, expect, it } from 'vitest';
import { Site } from './site.js';

const request = { protocol: 'http', host: 'nohands.test:8000' };

describe(Site.name, () => {
  it('knows its own pages by scheme, host and port, and by PUBLIC_URL', () => {
    const site = new Site({ publicUrl: 'https://builds.test/', allowedHosts: [] });
    for (const origin of ['https://builds.test', 'http://nohands.test:8000']) {
      expect(site.isOwnOrigin(origin, request)).toBe(true);
    }
    for (const origin of [
      'http://builds.test',
      'https://builds.test:8443',
      'http://nohands.test',
      'null',
      '',
    ]) {
      expect(site.isOwnOrigin(origin, request)).toBe(false);
    }
  });

  it('insists on TLS for cookies exactly where users come by it', () => {
    expect(new Site({ publicUrl: 'https://builds.test', allowedHosts: [] }).isSecure).toBe(true);
    expect(new Site({ publicUrl: 'http://builds.test', allowedHosts: [] }).isSecure).toBe(false);
    expect(new Site({ publicUrl: null, allowedHosts: [] }).isSecure).toBe(false);
  });

  it('answers to loopback, to PUBLIC_URL and to what ALLOWED_HOSTS says', () => {
    const site = new Site({ publicUrl: 'https://builds.test', allowedHosts: ['Other.test', '.wild.test'] });
    const hosts = ['localhost', 'builds.test', 'other.test:80', 'wild.test', 'a.b.wild.test', 'LOCALHOST:1'];
    for (const host of hosts) expect([host, site.isAllowedHost(host)]).toEqual([host, true]);
    for (const host of [undefined, '', 'evil.test', 'notwild.test', 'localhost@evil.test', 'a/b']) {
      expect([host, site.isAllowedHost(host)]).toEqual([host, false]);
    }
  });
});
