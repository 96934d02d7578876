import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const widths = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
export const schemes = ['light', 'dark'] as const;

/** Headless Chromium as Debian packages it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
}

/** Takes the page at both widths, light and dark, into test-output/screenshots; leaves it at the desk, light. */
export async function takePictures(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '..', '..', 'test-output', 'screenshots');
  mkdirSync(folder, { recursive: true });
  for (const [width, size] of Object.entries(widths)) {
    await page.setViewportSize(size);
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize(widths.desk);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** True when the page has to be pushed sideways at this width (the log may, inside itself). */
export async function scrollsSideways(page: Page, width: number): Promise<boolean> {
  const before = page.viewportSize() ?? widths.desk;
  await page.setViewportSize({ width, height: 800 });
  const isWide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  );
  await page.setViewportSize(before);
  return isWide === true;
}
