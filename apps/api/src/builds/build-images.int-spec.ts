import { keepLayout, openStorage } from '@nohands/storage';
import { makeTinyLayout, temporaryDirectory } from '@nohands/testing';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer, type Person, type TestServer } from '../server.fixture.js';
import { BuildImagesService } from './build-images.service.js';
import { startTestBuild } from './running-build.fixture.js';

describe(BuildImagesService.name, () => {
  let server: TestServer;
  let admin: Person;
  let place: { repositoryId: number; commitId: number; sha: string };

  beforeAll(async () => {
    server = await openServer();
    admin = await server.makePerson('admin', { isAdmin: true });
    place = await server.makeRepository('team/app');
    await server.makeWorker();
  });

  afterAll(() => server.close());

  const download = (id: number) =>
    server.app.inject({
      method: 'GET',
      url: `/api/builds/${id}/image`,
      headers: { authorization: `Bearer ${admin.token}` },
    });

  it('gives the kept image as an OCI archive that names its digest', async () => {
    await using folder = await temporaryDirectory();
    const layout = join(folder.path, 'layout');
    await makeTinyLayout(layout);
    const kept = await keepLayout(openStorage(server.storageUrl), layout);
    const build = await startTestBuild(server, admin, place);
    await build.keepImage(kept);
    const answer = await download(build.id);
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['etag']]).toEqual([
      200,
      'application/x-tar',
      `"${kept.digest}"`,
    ]);
    expect(answer.headers['content-disposition']).toBe(
      `attachment; filename="team-app-${place.sha.slice(0, 12)}.oci.tar"`,
    );
    const names: string[] = [];
    const tar = extract();
    tar.end(answer.rawPayload);
    for await (const entry of tar) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toContain(`blobs/${kept.digest.replace(':', '/')}`);
    const head = await fetch(`${server.url}/api/builds/${build.id}/image`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect([head.status, head.headers.get('etag')]).toEqual([200, `"${kept.digest}"`]);
    await build.finish();
  });

  it('says that the image is gone instead of sending half of it', async () => {
    const build = await startTestBuild(server, admin, place);
    expect((await download(build.id)).json().code).toBe('image_not_kept');
    await build.keepImage({ digest: `sha256:${'0'.repeat(64)}`, mediaType: 'x', size: 1 });
    const answer = await download(build.id);
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'image_not_kept']);
  });
});
