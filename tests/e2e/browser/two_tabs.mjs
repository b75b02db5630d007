// Two clients ask in two tabs at once, and the first one is answered last.

import { atProvider, button, run } from './chromium.mjs';

await run(async ({ browser, options, start }) => {
  const context = await browser.newContext();
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(start(options.start));
  await second.goto(start(options.again));
  await button(second, 'approve').click();
  await atProvider(second);
  await button(first, 'approve').click();
  // The provider knows her by now and asks for no login, but for its own consent.
  await first.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await first.click('button[type=submit]');
  await first.getByText('Back at the client').waitFor();
  return {};
});
