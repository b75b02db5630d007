// A person reads the consent page, agrees, signs in, and is back at the client.

import { atProvider, button, run } from './chromium.mjs';

await run(async ({ browser, options, start }) => {
  const context = await browser.newContext({ javaScriptEnabled: options.scripts ?? true, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(start(options.start));
  const report = {
    title: await page.title(),
    text: await page.innerText('body'),
    language: await page.getAttribute('html', 'lang'),
    headings: await page.getByRole('heading').count(),
    landmarks: await page.getByRole('main').count(),
    buttons: await page.getByRole('button').allInnerTexts(),
    scripts: await page.locator('script').count(),
    complaints: [...complaints],
  };
  report.cookies = await context.cookies(options.start);
  await button(page, 'approve').click();
  await atProvider(page);
  // Nobody asks again for the same client.
  await page.goto(start(options.again));
  report.asked_again = await button(page, 'approve').count() > 0;
  return report;
});
