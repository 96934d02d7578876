import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture } from '@nohands/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, scrollsSideways, takePictures } from './browser.fixture.js';
import { Installation } from './installation.fixture.js';

const dockerfile = `FROM scratch
COPY busybox /bin/sh
COPY busybox /bin/busybox
RUN i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "dashboard line $i"; /bin/busybox sleep 0.2; done
`;

describe('the dashboard, from the set-up link to a finished build', () => {
  const installation = new Installation({ BUILD_ENGINE: 'buildah', GIT_ALLOW_LOCAL: 'true' });
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;
  let folder: string;
  let git: GitFixture;
  let loads = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-web-'));
    git = new GitFixture(join(folder, 'walk'));
    git.commit('A shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('Thirty lines', { Dockerfile: dockerfile });
    await installation.start({ withAdmin: false });
    browser = await openBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('load', () => (loads += 1));
  });
  afterAll(async () => {
    await browser.close();
    await installation.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('creates the administrator by the one-time link and shows a token with the six curl lines', async () => {
    await page.goto(installation.setupLink ?? '');
    await page.getByLabel('Your name').waitFor();
    await takePictures(page, 'setup');
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long enough password');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByText('api/builds/trigger/').first().waitFor();
    await takePictures(page, 'token');
    const text = await page.locator('main').innerText();
    for (const call of [
      'repositories/',
      'branches/?repository=1',
      'commits/?branch=1',
      'builds/',
      'builds/1/',
      'builds/trigger/',
    ]) {
      expect(text).toContain(`/api/${call}`);
    }
    expect(/nh_[A-Za-z0-9_-]{20,}/.test(text)).toBe(true);
  });

  it('refuses the link a second time', async () => {
    const other = await browser.newContext();
    const second = await other.newPage();
    await second.goto(installation.setupLink ?? '');
    await second.getByText('NoHands is set up').waitFor();
    await other.close();
  });

  it('shows the sample repository and adds another by its address', async () => {
    await page.getByRole('link', { name: 'Repositories' }).first().click();
    await page.getByRole('link', { name: 'sample' }).waitFor();
    await takePictures(page, 'repositories');
    await page.getByRole('button', { name: 'Add a repository' }).click();
    await page.getByLabel('Address of the git repository').fill(git.directory);
    await takePictures(page, 'add-repository');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Thirty lines').waitFor();
    await takePictures(page, 'repository');
  });

  it('shows a new commit after Refresh, without a reload', async () => {
    loads = 0;
    git.commit('A commit pushed later', { note: 'new' });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('A commit pushed later').waitFor();
    expect(loads).toBe(0);
  });

  it('builds any commit and shows its lines while it runs, then the image, without a reload', async () => {
    loads = 0;
    const row = page.getByRole('listitem').filter({ hasText: 'Thirty lines' });
    await row
      .getByRole('button', { name: /^Build/ })
      .first()
      .click();
    await page.waitForURL(/\/builds\/\d+/);
    await page.getByText('dashboard line 5', { exact: true }).waitFor();
    await takePictures(page, 'build-running');
    expect(await page.getByText('dashboard line 30', { exact: true }).count()).toBe(0);
    await page.getByText('dashboard line 30', { exact: true }).waitFor();
    await page
      .getByText(/sha256:/)
      .first()
      .waitFor();
    await takePictures(page, 'build-success');
    expect(loads).toBe(0);
    expect(await page.title()).toMatch(/success/i);
  });

  it('cancels a running build', async () => {
    git.commit('Slow again', {
      Dockerfile: dockerfile.replaceAll('dashboard', 'cancelled').replace('-lt 30', '-lt 300'),
    });
    await page.goto(`${installation.address}/repositories`);
    await page.getByRole('link', { name: 'walk' }).click();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Slow again' })
      .getByRole('button', { name: /^Build/ })
      .first()
      .click();
    await page.getByText('cancelled line 3', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await page.getByText('Cancelled on request.').waitFor();
    await takePictures(page, 'build-cancelled');
  });

  it('finds both under the history, filters it, and shows the admin pages', async () => {
    await page.getByRole('link', { name: 'Builds' }).first().click();
    await page.getByRole('link', { name: /2/ }).first().waitFor();
    await takePictures(page, 'builds');
    for (const [path, name] of [
      ['/admin/users', 'admin-users'],
      ['/admin/tokens', 'admin-tokens'],
      ['/admin/queue', 'admin-queue'],
      ['/admin/repositories', 'admin-repositories'],
    ] as const) {
      await page.goto(`${installation.address}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await takePictures(page, name);
    }
  });

  it('never scrolls sideways at 320 px, and the browser has nothing to complain of', async () => {
    for (const path of [
      '/repositories',
      '/repositories/2',
      '/builds',
      '/builds/1',
      '/tokens',
      '/admin/queue',
      '/admin/users',
    ]) {
      await page.goto(`${installation.address}${path}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      expect(await scrollsSideways(page, 320), path).toBe(false);
    }
    expect(complaints).toEqual([]);
  });
});
