import { describe, expect, it } from 'vitest';
import { digestReference, imageReference, isInsecure, registryOf } from './image-reference.js';

describe(registryOf.name, () => {
  it.each([
    ['localhost:5000/team', 'localhost:5000', 'team'],
    ['localhost', 'localhost', ''],
    ['Registry.Example.org/a/b/', 'registry.example.org', 'a/b'],
    ['https://registry.example.org', 'registry.example.org', ''],
    ['registry:5000', 'registry:5000', ''],
    ['docker.io/me', 'docker.io', 'me'],
    ['https://index.docker.io/v1/', 'docker.io', ''],
    ['index.docker.io/me', 'docker.io', 'me'],
  ])('reads %s', (setting, host, path) => {
    expect(registryOf(setting)).toEqual({ host, path });
  });

  it.each([
    ['http://registry.example.org', 'INSECURE_REGISTRIES'],
    ['team', 'docker.io/team'],
    ['[::1]:5000', 'IPv6'],
    ['registry.example.org/Team', 'lower-case'],
    ['user:secret@registry.example.org', 'host'],
    ['--help', 'host'],
    ['', 'host'],
    ['registry.example.org/a b', 'lower-case'],
  ])('refuses %s and says what to write', (setting, hint) => {
    expect(() => registryOf(setting)).toThrow(RangeError);
    expect(() => registryOf(setting)).toThrow(hint);
  });
});

describe(imageReference.name, () => {
  const registry = registryOf('localhost:5000/team');

  it('puts registry, path, name and tag or digest together', () => {
    expect(imageReference(registry, 'web/app', 'a'.repeat(40))).toBe(
      `localhost:5000/team/web/app:${'a'.repeat(40)}`,
    );
    expect(imageReference(registryOf('docker.io'), 'me/app', 'v1')).toBe('docker.io/me/app:v1');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(digestReference(registry, 'app', digest)).toBe(`localhost:5000/team/app@${digest}`);
  });

  it('takes nothing outside the grammar', () => {
    for (const name of ['', 'App', '../app', 'app:1', 'a b']) {
      expect(() => imageReference(registry, name, 'v1')).toThrow(RangeError);
    }
    for (const tag of ['', '-v', 'a/b', 'x'.repeat(129)]) {
      expect(() => imageReference(registry, 'app', tag)).toThrow(RangeError);
    }
    expect(() => digestReference(registry, 'app', 'sha256:abc')).toThrow(RangeError);
  });
});

describe(isInsecure.name, () => {
  it('allows plain HTTP for this machine and for what is listed, for nothing else', () => {
    const listed = ['registry.example.org:5000'];
    for (const host of ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000']) {
      expect(isInsecure(host, [])).toBe(true);
    }
    expect(isInsecure('Registry.example.org:5000', listed)).toBe(true);
    for (const host of [
      'registry.example.org',
      'registry.example.org:5001',
      '127.0.0.1.example.org',
      '10.0.0.1:5000',
    ]) {
      expect(isInsecure(host, listed)).toBe(false);
    }
  });
});
