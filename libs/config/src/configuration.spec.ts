import { inspect } from 'node:util';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Configuration, loadConfiguration, loadServerConfiguration } from './configuration.js';
import { ConfigurationError } from './configuration-error.js';
import { environmentOfChildren } from './environment-of-children.js';
import { variables } from './variables.js';

function mistakesOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
  return [];
}

describe(Configuration.name, () => {
  it('needs nothing in the environment', () => {
    const configuration = loadConfiguration({});
    expect(configuration).toMatchObject({
      port: 8000,
      host: '127.0.0.1',
      databaseUrl: null,
      redisUrl: null,
      maxConcurrentBuilds: 2,
      buildEngine: 'auto',
      buildIsolation: 'safe',
      gitAllowLocal: false,
      warnings: [],
    });
    expect(configuration.dataDir).toBe(resolve('.nohands'));
    expect(configuration.gitCheckoutDir).toBe(join(configuration.dataDir, 'git'));
    expect(configuration.storageUrl).toBe(`file://${configuration.dataDir}/storage`);
    expect(configuration.siteAddress(8000)).toBe('http://localhost:8000');
  });

  it('reads every kind of value', () => {
    expect(
      loadConfiguration({
        PORT: '0',
        HOST: '::1',
        DATA_DIR: '/srv/nohands',
        GIT_ALLOW_LOCAL: 'Yes',
        INSECURE_REGISTRIES: 'localhost:5000, 127.0.0.1:5001,',
        TRUSTED_PROXIES: '10.0.0.0/8,::1',
        DOCKER_REGISTRY: 'registry.example.org:5000/team/',
        DAGGER_ENGINE_HOSTS: 'tcp://dagger:1234',
        PUBLIC_URL: 'https://builds.example.org/',
        STORAGE_URL: 'file:///srv/blobs',
      }),
    ).toMatchObject({
      port: 0,
      host: '::1',
      dataDir: '/srv/nohands',
      gitCheckoutDir: '/srv/nohands/git',
      gitAllowLocal: true,
      insecureRegistries: ['localhost:5000', '127.0.0.1:5001'],
      trustedProxies: ['10.0.0.0/8', '::1'],
      dockerRegistry: 'registry.example.org:5000/team',
      daggerEngineHosts: ['tcp://dagger:1234'],
      publicUrl: 'https://builds.example.org',
      storageUrl: 'file:///srv/blobs',
    });
  });

  it('takes an empty variable as unset', () => {
    expect(loadConfiguration({ PORT: '', REDIS_URL: ' ' })).toMatchObject({ port: 8000, redisUrl: null });
  });

  it('lists all mistakes at once, by name and never by value', () => {
    const error = (() => {
      try {
        return loadConfiguration({
          PORT: 'sesame',
          SECRET_KEY: 'too-short',
          DATABASE_URL: 'mysql://u:hunter2@h/db',
        });
      } catch (caught) {
        return caught as ConfigurationError;
      }
    })() as ConfigurationError;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.mistakes.map((mistake) => mistake.split(' ')[0])).toEqual([
      'PORT',
      'SECRET_KEY',
      'DATABASE_URL',
    ]);
    expect(error.message).not.toMatch(/sesame|too-short|hunter2/);
  });

  it.each([
    ['HOST', { HOST: '0.0.0.0' }, 'ALLOWED_HOSTS'],
    ['a database without a key', { DATABASE_URL: 'postgresql://localhost/x' }, 'SECRET_KEY'],
    ['a sample key', { SECRET_KEY: 'django-insecure-0123456789abcdef0123456789abcdef' }, 'SECRET_KEY'],
    ['an e-mail alone', { ADMIN_EMAIL: 'a@example.org' }, 'ADMIN_EMAIL'],
    ['a password alone', { ADMIN_PASSWORD: 'long enough' }, 'ADMIN_PASSWORD'],
    ['a short token', { ADMIN_EMAIL: 'a@example.org', ADMIN_TOKEN: 'short' }, 'ADMIN_TOKEN'],
    ['a registry account by half', { DOCKER_REGISTRY_USERNAME: 'u' }, 'DOCKER_REGISTRY_USERNAME'],
    ['a registry with a scheme', { DOCKER_REGISTRY: 'https://registry' }, 'DOCKER_REGISTRY'],
    ['a fake engine', { BUILD_ENGINE: 'fake' }, 'BUILD_ENGINE'],
    ['a site with a path', { PUBLIC_URL: 'https://example.org/x' }, 'PUBLIC_URL'],
    ['an impossible network', { TRUSTED_PROXIES: '10.0.0.0/64' }, 'TRUSTED_PROXIES'],
  ])('refuses %s', (_what, environment, name) => {
    expect(mistakesOf(environment).map((mistake) => mistake.split(' ')[0])).toContain(name);
  });

  it('reads the old names with a warning, the new ones win', () => {
    const key = 'k'.repeat(40);
    const old = loadConfiguration({ DJANGO_SECRET_KEY: key, DJANGO_ALLOWED_HOSTS: 'a.example.org' });
    expect(old).toMatchObject({ secretKey: key, allowedHosts: ['a.example.org'] });
    expect(old.warnings).toHaveLength(2);
    expect(old.warnings.join()).not.toContain(key);
    expect(loadConfiguration({ DEBUG: 'false', DJANGO_DEBUG: 'true' })).toMatchObject({
      debug: false,
      warnings: [],
    });
  });

  it('reads the socket form of the embedded database in both spellings', () => {
    const SECRET_KEY = 'k'.repeat(40);
    for (const DATABASE_URL of [
      'postgresql://nohands@/nohands?host=/run/x',
      'postgresql:///nohands?host=/run/x',
    ]) {
      expect(loadServerConfiguration({ DATABASE_URL, SECRET_KEY }).databaseUrl).toBe(DATABASE_URL);
    }
  });

  it('needs database and key in API and worker', () => {
    expect(() => loadServerConfiguration({})).toThrow(/DATABASE_URL[\s\S]*SECRET_KEY/);
  });

  it('hides secrets when printed', () => {
    const configuration = loadConfiguration({
      SECRET_KEY: 'abcdefgh'.repeat(5),
      REDIS_URL: 'redis://:pw123@h',
    });
    expect(JSON.stringify(configuration) + inspect(configuration)).not.toMatch(/abcdefgh|pw123/);
  });
});

describe(environmentOfChildren.name, () => {
  it('passes on what is declared and nothing else', () => {
    const made = environmentOfChildren(
      { DATABASE_URL: 'postgresql:///x' },
      { PORT: '1', PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'x', NODE_OPTIONS: '--inspect', DATABASE_URL: 'old' },
    );
    expect(made).toEqual({ PORT: '1', PATH: '/bin', DATABASE_URL: 'postgresql:///x' });
  });
});

describe('declarations', () => {
  it('name each variable once', () => {
    const names = Object.values(variables).flatMap((v) =>
      'formerName' in v ? [v.name, v.formerName] : [v.name],
    );
    expect(new Set(names).size).toBe(names.length);
  });
});
