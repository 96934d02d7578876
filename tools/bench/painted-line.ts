import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { firstLine } from './bench-repository.ts';
import { account, type Product } from './product.ts';

const watchForLine = readFileSync(new URL('watch-for-line.js', import.meta.url), 'utf8').replace(/;\s*$/, '');

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/** The dashboard in headless Chromium, on the page of a repository: presses Build as a user does. */
export class PaintedLine {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #address: string;

  private constructor(browser: Browser, page: Page, address: string) {
    this.#browser = browser;
    this.#page = page;
    this.#address = address;
  }

  static async open(product: Product, repositoryId: number): Promise<PaintedLine> {
    const executablePath = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: flags });
    try {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(product.address);
      await page.getByLabel('Email').fill(account.email);
      await page.getByLabel('Password').fill(account.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => !url.pathname.includes('login'));
      return new PaintedLine(browser, page, `${product.address}/repositories/${repositoryId}`);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Id of the browser's program. */
  get version(): string {
    return this.#browser.version();
  }

  /**
   * Presses Build on a commit; answers the id of the build and the milliseconds from the press, which triggers it, to
   * the frame after the one that drew the first line of the RUN. Both times are of the page's own clock.
   */
  async build(sha: string): Promise<{ readonly buildId: number; readonly milliseconds: number }> {
    await this.#page.goto(this.#address);
    const button = this.#page.getByRole('button', { name: `Build ${sha.slice(0, 8)}` });
    await button.waitFor();
    await this.#page.evaluate(`(${watchForLine})(${JSON.stringify(firstLine)})`);
    await button.click();
    const painted = await this.#page.waitForFunction('globalThis.paintedAfter', null, { timeout: 120_000 });
    const buildId = Number(/\/builds\/(\d+)/.exec(this.#page.url())?.[1]);
    return { buildId, milliseconds: (await painted.jsonValue()) as number };
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
