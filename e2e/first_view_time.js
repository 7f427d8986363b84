// Measures how long a page takes until it can be used, on a slow network and processor, and what it loads, for
// `cargo xtask bench first-view`.
// Arguments: the number of rounds, and the folder of a page to compare with, whose server.js has its packages installed.
// Prints the milliseconds of all rounds and the bytes as JSON:
// { times: [{ page, network, visitor, event, millis: [] }], bytes: [{ page, part, bytes }] }.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Fixture } from './fixture.js';

const PROCESSOR_SLOWDOWN = 4;
// Bytes per second and milliseconds, as Chromium's own "Fast 3G" and a slow line with a short way.
const NETWORKS = {
  'fast 3G': { downloadThroughput: 180_000, uploadThroughput: 84_375, latency: 562.5 },
  '1.6 Mbit/s': { downloadThroughput: 200_000, uploadThroughput: 93_750, latency: 150 },
};
const TEXT = 'The first message.';

const [rounds, folder] = [Number(process.argv[2]), process.argv[3]];
const fixture = new Fixture();
await fixture.open();
let other;
try {
  const owner = await fixture.newPerson('first-view');
  await owner.signUpAndStart();
  const path = await owner.startChat();
  await owner.send(TEXT);
  const session = await owner.page.evaluate(() => Object.entries(sessionStorage));
  other = await startOther();
  const pages = { chatire: fixture.server.url, vue: other.url };
  const results = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const network of Object.keys(NETWORKS)) {
      for (const [page, url] of Object.entries(pages)) {
        record(page, network, 'visitor', await measure(url + path, network, [], ['text', 'messages', 'program']));
        record(page, network, 'member', await measure(url + path, network, session, ['text', 'messages', 'program']));
      }
    }
  }
  const bytes = [];
  for (const [page, url] of Object.entries(pages)) {
    const parts = await measureBytes(url + path, session);
    bytes.push(...Object.entries(parts).map(([part, bytes]) => ({ page, part, bytes })));
  }
  process.stdout.write(JSON.stringify({ times: [...results.values()], bytes }));

  function record(page, network, visitor, times) {
    for (const [event, millis] of Object.entries(times)) {
      const key = [page, network, visitor, event].join();
      if (!results.has(key)) results.set(key, { page, network, visitor, event, millis: [] });
      results.get(key).millis.push(millis);
    }
  }
} finally {
  other?.child.kill();
  await fixture.close();
}

async function startOther() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  const child = spawn('node', [join(folder, 'server.js'), port, fixture.server.port], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface(child.stdout), 'line');
  return { child, url: `http://127.0.0.1:${port}` };
}

// Milliseconds from the navigation until a field takes text, the messages are in view, and the program behind them runs.
// A visitor joins as soon as the page allows it. Nothing is cached.
async function measure(url, network, session, events) {
  const context = await fixture.browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(installMarks, { session, text: TEXT });
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', { offline: false, ...NETWORKS[network] });
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: PROCESSOR_SLOWDOWN });
    await page.goto(url, { waitUntil: 'commit', timeout: 0 });
    await page.waitForFunction((events) => events.every((event) => event in marks), events, { timeout: 60_000 });
    return await page.evaluate((events) => Object.fromEntries(events.map((event) => [event, marks[event]])), events);
  } finally {
    await context.close();
  }
}

// The bytes of the responses of a first view by part, with their headers.
async function measureBytes(url, session) {
  const context = await fixture.browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(installMarks, { session, text: TEXT });
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const parts = { all: 0 };
    const partOfRequest = new Map();
    devtools.on('Network.responseReceived', ({ requestId, type, response }) => {
      partOfRequest.set(requestId, partOf(type, response, partOfRequest));
    });
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const part = partOfRequest.get(requestId);
      parts[part] = (parts[part] ?? 0) + encodedDataLength;
      parts.all += encodedDataLength;
    });
    await page.goto(url, { waitUntil: 'networkidle' });
    return parts;
  } finally {
    await context.close();
  }
}

function partOf(type, response, earlier) {
  if (response.mimeType === 'application/wasm') return [...earlier.values()].includes('program') ? 'later' : 'program';
  return { Document: 'page', Script: 'script', Stylesheet: 'style', Fetch: 'api', XHR: 'api' }[type] ?? 'other';
}

// Runs in the page.
function installMarks({ session, text }) {
  for (const [key, value] of session) sessionStorage.setItem(key, value);
  window.marks = {};
  const field = (parent) => document.querySelector(`${parent} :is([name="display_name"], [name="message"], textarea)`);
  const conditions = {
    text: () => field('body')?.checkVisibility(),
    program: () => !document.getElementById('skeleton') && field('#app')?.checkVisibility(),
    messages: () => document.body?.innerText.includes(text),
  };
  const join = () => {
    const name = field('body');
    const button = name?.form.querySelector('button');
    if (name?.name !== 'display_name' || name.readOnly || button.disabled) return;
    isJoining = true;
    name.value = 'Visitor';
    name.dispatchEvent(new Event('input', { bubbles: true }));
    name.form.requestSubmit();
  };
  let isJoining = false;
  const check = () => {
    if (!isJoining) join();
    for (const [event, isMet] of Object.entries(conditions)) {
      if (!(event in marks) && isMet()) marks[event] = performance.now();
    }
    requestAnimationFrame(check);
  };
  check();
}
