import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { firstLine } from './bench-repository.ts';
import type { SeenLine } from './line-phases.ts';
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
  readonly #product: Product;
  readonly #repositoryId: number;

  private constructor(browser: Browser, page: Page, place: { product: Product; repositoryId: number }) {
    this.#browser = browser;
    this.#page = page;
    this.#product = place.product;
    this.#repositoryId = place.repositoryId;
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
      return new PaintedLine(browser, page, { product, repositoryId });
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  get version(): string {
    return this.#browser.version();
  }

  /**
   * Presses Build on a commit and resolves when that build has ended well: with the times of the press, which triggers
   * it, and of the frame that shows the first line of the RUN, both of the page's own clock.
   */
  async build(sha: string): Promise<SeenLine> {
    await this.#page.goto(`${this.#product.address}/repositories/${this.#repositoryId}`);
    const button = this.#page.getByRole('button', { name: `Build ${sha.slice(0, 8)}` });
    await button.waitFor();
    await this.#page.evaluate(`void (${watchForLine})(${JSON.stringify(firstLine)})`);
    await button.click();
    await this.#page.waitForURL(/\/builds\/\d+$/);
    const buildId = Number(this.#page.url().split('/').at(-1));
    const painted = this.#page.evaluate<Omit<SeenLine, 'buildId'>>('globalThis.paintedAfter');
    // A build that fails rejects at once; its line would be waited for in vain.
    const [times] = await Promise.all([painted, this.#product.succeeded(buildId)]);
    // A page that is open costs time; the ways measured next shall not pay for it.
    await this.#page.goto('about:blank');
    return { buildId, ...times };
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
