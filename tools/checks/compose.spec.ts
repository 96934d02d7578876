import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentExample } from '@nohands/config';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

type Service = {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly privileged?: boolean;
  readonly command?: readonly unknown[];
  readonly healthcheck?: { readonly test: readonly unknown[] };
};
type Compose = {
  readonly services: Readonly<Record<'api' | 'worker' | 'dagger' | 'postgres' | 'redis', Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries<Service>(compose.services);
const declared = new Set(
  environmentExample()
    .match(/^#?[A-Z_]+(?==)/gm)
    ?.map((name) => name.replace('#', '')),
);
const secrets = /SECRET|PASSWORD|TOKEN|_KEY/;

describe('docker-compose.yml', () => {
  it('has every service that production needs', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['api', 'dagger', 'postgres', 'redis', 'worker']);
  });

  it('sets only variables that libs/config declares', () => {
    expect(declared.size).toBeGreaterThan(20);
    for (const service of [compose.services.api, compose.services.worker]) {
      expect(Object.keys(service.environment ?? {}).filter((name) => !declared.has(name))).toEqual([]);
    }
  });

  it('has no default secret: each comes from outside, and the ones it needs stop it when they are missing', () => {
    const used = [...text.matchAll(/\$\{(\w+)(:\?|:-|)([^}]*)\}/g)];
    const needed = used.filter(([, , operator]) => operator === ':?').map(([, name]) => name);
    expect(new Set(needed)).toEqual(
      new Set(['SECRET_KEY', 'POSTGRES_PASSWORD', 'ADMIN_EMAIL', 'ADMIN_PASSWORD']),
    );
    for (const [, name = '', operator, value] of used) {
      if (secrets.test(name)) expect([name, operator === ':?' || value === '']).toEqual([name, true]);
    }
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (secrets.test(name)) expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{\w+:[?-]/)]);
      }
    }
    expect(compose.services.api.environment?.['DATABASE_URL']).toMatch(
      /:\/\/nohands:\$\{POSTGRES_PASSWORD:\?/,
    );
  });

  it('names every image by a version or a digest', () => {
    for (const [name, { image }] of services) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+(\.\d+)?(-\w+)?$|@sha256:/)]);
    }
  });

  it('writes commands as lists of words, and asks the API whether it is well', () => {
    const words = services.flatMap(([, { command = [], healthcheck }]) => [
      ...command,
      ...(healthcheck?.test ?? []),
    ]);
    // An unquoted colon makes a mapping out of a word.
    expect(words.filter((word) => typeof word !== 'string')).toEqual([]);
    expect(compose.services.api.healthcheck?.test.join(' ')).toContain(
      "fetch('http://127.0.0.1:8000/readyz')",
    );
  });

  it('publishes the API alone, on loopback', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([['api', '127.0.0.1:8000:8000']]);
  });

  it('lets only workers reach the engine, and nothing but it is privileged', () => {
    const { dagger, worker } = compose.services;
    const [network = ''] = dagger.networks;
    expect(dagger.networks).toHaveLength(1);
    expect(compose.networks[network]?.internal ?? false).toBe(false);
    expect(services.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name)).toEqual([
      'worker',
      'dagger',
    ]);
    const socket = dagger.volumes?.find((volume) => volume.endsWith(':/run/dagger')) ?? '';
    const users = services.filter(([, { volumes }]) => volumes?.includes(socket)).map(([name]) => name);
    expect(users).toEqual(['worker', 'dagger']);
    expect(worker.environment?.['DAGGER_ENGINE_HOSTS']).toBe('unix:///run/dagger/engine.sock');
    expect(services.filter(([, { privileged }]) => privileged === true).map(([name]) => name)).toEqual([
      'dagger',
    ]);
  });

  it('keeps database and queue on a network without a way out', () => {
    expect(compose.networks['back']?.internal).toBe(true);
    expect(compose.services.postgres.networks).toEqual(['back']);
    expect(compose.services.redis.networks).toEqual(['back']);
  });

  it("shares the kept images between API and workers, and a worker's own folders with nobody", () => {
    const [storage = ''] = compose.services.api.volumes ?? [];
    expect(compose.services.worker.volumes).toContain(storage);
    expect(compose.services.api.environment?.['STORAGE_URL']).toBe(`file://${storage.split(':')[1]}`);
    expect(compose.services.worker.volumes).toContain('/var/lib/nohands');
    const named = services
      .flatMap(([, { volumes = [] }]) => volumes)
      .filter((volume) => volume.includes(':'));
    expect(new Set(named.map((volume) => volume.split(':')[0]))).toEqual(
      new Set(Object.keys(compose.volumes)),
    );
  });
});
