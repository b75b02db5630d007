// A person goes back from the provider to the consent page, agrees once more, and after it is all
// over goes back again.

import { atProvider, button, run } from './chromium.mjs';

await run(async ({ browser, options, start, callbacks }) => {
  const page = await browser.newPage();
  await page.goto(start(options.start));
  await button(page, 'approve').click();
  await page.locator('input[name=login]').waitFor();
  await page.goBack();
  await button(page, 'approve').click();
  await atProvider(page);
  const finished = callbacks.length;
  // From the client to the provider's forms, which are used up.
  const statuses = [];
  page.on('response', (response) => statuses.push(response.status()));
  for (let steps = 0; steps < 4; steps += 1) await page.goBack().catch(() => null);
  return { finished, statuses, text: await page.innerText('body') };
});
