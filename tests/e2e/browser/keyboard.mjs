// A person without a mouse.

import { run } from './chromium.mjs';

await run(async ({ browser, options, start }) => {
  const page = await browser.newPage();
  await page.goto(start(options.start));
  const focused = () => page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return {
      answer: element.getAttribute('value'),
      visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    };
  });
  const order = [];
  for (let steps = 0; steps < 12 && order.at(-1)?.answer !== 'approve'; steps += 1) {
    await page.keyboard.press('Tab');
    order.push(await focused());
  }
  await page.keyboard.press('Enter');
  await page.locator('input[name=login]').waitFor();
  await page.locator('input[name=login]').focus();
  await page.keyboard.type('alice');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not-looked-at-by-anybody');
  await page.keyboard.press('Enter');
  await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await page.locator('button[type=submit]').focus();
  await page.keyboard.press('Enter');
  await page.getByText('Back at the client').waitFor();
  return { order };
});
