// A person reads the consent page and refuses.

import { button, run } from './chromium.mjs';

await run(async ({ browser, options, start }) => {
  const page = await browser.newPage();
  await page.goto(start(options.start));
  await button(page, 'deny').click();
  await page.getByText('Back at the client').waitFor();
  // She asks for it again and still has a choice.
  await page.goto(start(options.again));
  return { asked_again: await button(page, 'approve').count() > 0 };
});
