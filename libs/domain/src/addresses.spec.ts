import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyAddress, isAllowedAddress, normalizeHost, parseHostAddress } from './addresses.js';

describe(classifyAddress.name, () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['10.1.2.3', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['127.8.8.8', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['169.254.169.254', 'link_local'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['192.0.2.7', 'reserved'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::', 'unspecified'],
    ['fd12::1', 'private'],
    ['fe80::1', 'link_local'],
    ['ff02::1', 'multicast'],
    ['2606:4700::1111', 'public'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:8.8.8.8', 'public'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:0:127.0.0.1', 'loopback'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['64:ff9b:1::1', 'reserved'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:808:808::', 'public'],
    ['2001:0:1::1', 'reserved'],
    ['fe80::1%eth0', 'reserved'],
    ['no address', 'reserved'],
  ])('says what %s is: %s', (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  it('sees through every IPv6 form of a private IPv4 address', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const hex = (high: number, low: number) => ((high << 8) | low).toString(16);
    fc.assert(
      fc.property(octet, octet, octet, (b, c, d) => {
        const tail = `${hex(10, b)}:${hex(c, d)}`;
        for (const form of [
          `::ffff:${tail}`,
          `64:ff9b::${tail}`,
          `2002:${tail}::1`,
          `::ffff:10.${b}.${c}.${d}`,
        ]) {
          expect(classifyAddress(form)).toBe('private');
        }
      }),
    );
  });
});

describe(isAllowedAddress.name, () => {
  it('opens private and loopback addresses by the operator’s word, cloud metadata never', () => {
    for (const address of ['10.0.0.1', '127.0.0.1', '::1', 'fd00::1', '::ffff:192.168.0.1']) {
      expect(isAllowedAddress(address, { allowPrivate: false })).toBe(false);
      expect(isAllowedAddress(address, { allowPrivate: true })).toBe(true);
    }
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', '0.0.0.0', 'fe80::1', '']) {
      expect(isAllowedAddress(address, { allowPrivate: true })).toBe(false);
    }
  });
});

describe(parseHostAddress.name, () => {
  it.each([
    ['2130706433', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1'],
    ['１２７.０.０.１', '127.0.0.1'],
    ['[::FFFF:10.0.0.1]', '::ffff:a00:1'],
    ['[0:0::1]', '::1'],
    ['github.com', null],
    ['10.example.com', null],
  ])('reads %s as %s', (host, address) => {
    expect(parseHostAddress(host)).toBe(address);
  });

  it('reads every number below 2^32 as the address that a resolver would make of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
        const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
        expect(parseHostAddress(String(number))).toBe(dotted);
        expect(parseHostAddress(`0x${number.toString(16)}`)).toBe(dotted);
      }),
    );
  });
});

describe(normalizeHost.name, () => {
  it.each([
    '',
    'a b',
    'a/b',
    'a@b',
    '-x',
    'x-',
    'a..b',
    '$(id)',
    'a;b',
    'host:80',
    `${'a'.repeat(64)}.com`,
    '[fe80::1%25eth0]',
  ])('refuses %j', (host) => {
    expect(normalizeHost(host)).toBeNull();
  });

  it('lower-cases and takes international names in ASCII', () => {
    expect(normalizeHost('GitHub.COM.')).toBe('github.com');
    expect(normalizeHost('bücher.example')).toBe('xn--bcher-kva.example');
  });
});
