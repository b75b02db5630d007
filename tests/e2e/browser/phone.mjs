// The consent page on a narrow screen, by day and by night.

import { legibility, run } from './chromium.mjs';

await run(async ({ browser, options, start }) => {
  const report = {};
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1024]) {
      const context = await browser.newContext({ viewport: { width, height: 640 }, isMobile: width === 320, colorScheme });
      const page = await context.newPage();
      await page.goto(start(options.start));
      report[`${colorScheme}_${width}`] = await legibility(page);
      await context.close();
    }
  }
  if (options.screenshot) {
    const context = await browser.newContext({ viewport: { width: 560, height: 200 }, colorScheme: 'light' });
    const page = await context.newPage();
    await page.setContent(options.page);
    await page.screenshot({ path: options.screenshot, fullPage: true });
  }
  return report;
});
