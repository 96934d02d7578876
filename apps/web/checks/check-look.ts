/**
 * Looks at every page of a running NoHands in Chromium, at 1440 and 390 px (and 320 px for sideways scrolling), light and
 * dark: axe-core finds no violation, the browser reports no error, nothing scrolls sideways. Leaves a picture of each.
 *
 *   node apps/web/checks/check-look.ts --base http://localhost:8000 --email ... --password ... --out test-output/look
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, type Page, chromium } from 'playwright-core';

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://localhost:8000' },
    email: { type: 'string' },
    password: { type: 'string' },
    out: { type: 'string', default: 'test-output/look' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string' },
  },
});

type Place = { readonly name: string; readonly path: string; readonly open?: (page: Page) => Promise<void> };
type Finding = { readonly where: string; readonly what: string };

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const findings: Finding[] = [];

async function signIn(page: Page): Promise<void> {
  await page.goto(`${options.base}/login`);
  await page.getByLabel('Email').fill(options.email ?? '');
  await page.getByLabel('Password').fill(options.password ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/repositories');
}

/** The first repository and the newest build of each state, as the lists link to them. */
async function findPlaces(page: Page): Promise<readonly Place[]> {
  await page.goto(`${options.base}/repositories`);
  const repository = await page.locator('a[href^="/repositories/"]').first().getAttribute('href');
  const builds: Place[] = [];
  for (const status of ['success', 'failed', 'cancelled', 'running', 'pending']) {
    await page.goto(`${options.base}/builds?status=${status}`);
    await page.locator('nh-build-table, nh-empty').first().waitFor();
    const link = page.locator('nh-build-table a[href^="/builds/"]').first();
    if ((await link.count()) > 0)
      builds.push({ name: `build-${status}`, path: (await link.getAttribute('href')) ?? '' });
  }
  return [
    { name: 'repositories', path: '/repositories' },
    {
      name: 'add-repository',
      path: '/repositories',
      open: (at) => at.getByRole('button', { name: 'Add a repository' }).first().click(),
    },
    { name: 'repository', path: repository ?? '/repositories' },
    {
      name: 'repository-menu',
      path: repository ?? '/repositories',
      open: (at) => at.getByRole('button', { name: 'More', exact: true }).click(),
    },
    {
      name: 'build-ref',
      path: repository ?? '/repositories',
      open: (at) => at.getByRole('button', { name: 'Build a ref…' }).click(),
    },
    { name: 'builds', path: '/builds' },
    ...builds,
    { name: 'tokens', path: '/tokens' },
    { name: 'welcome', path: '/welcome' },
    { name: 'admin-queue', path: '/admin/queue' },
    { name: 'admin-users', path: '/admin/users' },
    {
      name: 'admin-add-user',
      path: '/admin/users',
      open: (at) => at.getByRole('button', { name: 'Add a user' }).click(),
    },
    { name: 'admin-tokens', path: '/admin/tokens' },
    { name: 'admin-repositories', path: '/admin/repositories' },
    { name: 'palette', path: '/builds', open: (at) => at.keyboard.press('Control+k') },
    { name: 'keys', path: '/builds', open: (at) => at.keyboard.press('?') },
    { name: 'not-found', path: '/nowhere' },
    { name: 'login', path: '/login' },
    { name: 'setup', path: '/setup' },
  ];
}

async function lookAt(page: Page, place: Place, where: string): Promise<void> {
  await page.goto(`${options.base}${place.path}`);
  await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
  await page.locator('h1').first().waitFor();
  if (place.open) {
    await place.open(page);
    await page.locator('.cdk-overlay-pane').first().waitFor();
  }
  const sideways = await page.evaluate(() => {
    const main = document.querySelector('main');
    return Math.max(
      document.documentElement.scrollWidth - innerWidth,
      main ? main.scrollWidth - main.clientWidth : 0,
    );
  });
  if (sideways > 0) findings.push({ where, what: `scrolls sideways by ${sideways} px` });
  await page.screenshot({ path: join(options.out, `${where}.png`) });
}

/** axe is handed over by the debugger, which the Content-Security-Policy of the page does not concern.
 * Menus lie in an overlay outside of all landmarks: there that rule is not asked. */
async function runAxe(page: Page, where: string, { open }: Place): Promise<void> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async (isInLandmarks) => {
    const axe = (
      globalThis as unknown as { axe: { run(options: object): Promise<{ violations: AxeViolation[] }> } }
    ).axe;
    type AxeViolation = { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: found } = await axe.run({
      runOnly: tags,
      rules: { region: { enabled: isInLandmarks } },
    });
    return found.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .map((node) => `${node.target.join(' ')} ${node.failureSummary}`)
          .slice(0, 3)
          .join(' | ')}`,
    );
  }, open === undefined);
  findings.push(...violations.map((what) => ({ where, what })));
}

async function checkAll(browser: Browser): Promise<number> {
  let looked = 0;
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1440, 390, 320]) {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: width > 700 ? 900 : 844 },
      });
      const page = await context.newPage();
      let where = 'sign-in';
      // Signing in is asked for by a 401, which Chromium reports by itself.
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('401'))
          findings.push({ where, what: message.text() });
      });
      page.on('pageerror', (error) => findings.push({ where, what: String(error) }));
      await signIn(page);
      for (const place of await findPlaces(page)) {
        if (options.only !== undefined && !options.only.split(',').includes(place.name)) continue;
        where = `${place.name}-${width}-${colorScheme}`;
        await lookAt(page, place, where);
        if (width !== 320) await runAxe(page, where, place);
        looked += 1;
      }
      await context.close();
    }
  }
  return looked;
}

mkdirSync(options.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: options.chromium,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const looked = await checkAll(browser);
await browser.close();
for (const { where, what } of findings) console.error(`${where}: ${what}`);
console.log(`${looked} looks, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
