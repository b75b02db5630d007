// A real browser for the pages that people see, and the client that waits for their answer.

import { once } from 'node:events';
import { createServer } from 'node:http';

import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-proxy-server',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/**
 * Which names lead where: the provider's forms ask for fonts from elsewhere.
 * @param {Record<string, string>} [names] host names, and addresses with a port
 */
function resolver(names = {}) {
  const known = Object.entries(names).map(([name, address]) => `MAP ${name} ${address}`);
  return `--host-resolver-rules=${[...known, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1', 'EXCLUDE localhost'].join(', ')}`;
}

/**
 * Runs a scenario with the options of the command line and prints its report.
 * @param {(tools: {browser: import('playwright-core').Browser, options: object,
 *          start: (url: string) => string, callbacks: string[]}) => Promise<object>} scenario
 *   `start` makes the client of an authorization request listen here; `callbacks` are the
 *   addresses that were called so far
 */
export async function run(scenario) {
  const options = JSON.parse(process.argv[2]);
  const callbacks = [];
  const client = createServer((request, response) => {
    if (request.url.startsWith('/callback')) callbacks.push(`http://${request.headers.host}${request.url}`);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Client</title><h1>Back at the client</h1>');
  });
  client.listen(0, '127.0.0.1');
  await once(client, 'listening');
  const start = (address) => {
    const url = new URL(address);
    url.searchParams.set('redirect_uri', `http://127.0.0.1:${client.address().port}/callback`);
    return url.href;
  };
  const browser = await chromium.launch({ executablePath: options.chromium, args: [...FLAGS, resolver(options.names)] });
  try {
    const report = await scenario({ browser, options, start, callbacks });
    console.log(JSON.stringify({ ...report, callbacks }));
  } finally {
    await browser.close();
    client.close();
    client.closeAllConnections();
  }
}

export const button = (page, answer) => page.locator(`button[name=decision][value=${answer}]`);

/** Fills in the provider's forms, from its login to wherever it leads. */
export async function atProvider(page, login = 'alice') {
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', 'not-looked-at-by-anybody');
  await page.click('button[type=submit]');
  await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await page.click('button[type=submit]');
  await page.getByText('Back at the client').waitFor();
}

/** What a page looks like to somebody with a small screen or weak eyes. */
export function legibility(page) {
  return page.evaluate(() => {
    const parse = (color) => color.match(/[\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const background = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = parse(getComputedStyle(at).backgroundColor);
        if (color.length === 3 || color[3] > 0) return color;
      }
      // What is behind everything depends on the color scheme; a page that relies on it has no
      // colour of its own.
      return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
    };
    const contrast = (element) => {
      const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const texts = [...document.body.querySelectorAll('*')].filter((element) =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return {
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      background: luminance(background(document.body)),
      contrast: Math.min(...texts.map(contrast)),
      font: Math.min(...texts.map((element) => parseFloat(getComputedStyle(element).fontSize))),
      targets: Math.min(...[...document.querySelectorAll('button')].map((element) => element.getBoundingClientRect().height)),
    };
  });
}
