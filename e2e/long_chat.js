// Measures a chat of many messages beside an empty one and a short one, for `cargo xtask bench long-chat`. Arguments: the number
// of messages and the number of rounds. Prints the figures as JSON.

import { Fixture } from './fixture.js';

const SHORT = 50;
const CONNECTIONS = 50;
// Pages of 100 messages that are scrolled through.
const PAGES = 30;
const SLOWDOWN = 4;

const [count, rounds] = process.argv.slice(2).map(Number);
const fixture = new Fixture();
await fixture.open();
try {
  const person = await fixture.newPerson('reader');
  await person.signUpAndStart();
  const chats = { empty: await newChat(0), short: await newChat(SHORT), long: await newChat(count) };
  const opening = { empty: [], short: [], long: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { path }] of Object.entries(chats)) opening[name].push(await openingTime(person, path));
  }
  process.stdout.write(JSON.stringify({ opening, scrolling: await scroll(person, chats.long) }));

  async function newChat(messages) {
    const path = await person.startChat();
    await post(person, path, messages);
    await person.page.goto(`${fixture.server.url}/chats`);
    return { path, messages };
  }
} finally {
  await fixture.close();
}

async function post(person, path, count) {
  const token = await person.page.evaluate(() => sessionStorage.authToken);
  const headers = { Authorization: `JWT ${token}`, 'Content-Type': 'application/json' };
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      const body = JSON.stringify({ message: `Message ${next}: tea and scones at four, or at five if it rains.` });
      const response = await fetch(`${fixture.server.url}/api${path}/messages/`, { method: 'POST', headers, body });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

// Milliseconds until the chat takes text and its newest messages are painted.
async function openingTime(person, path) {
  await person.open('about:blank');
  await person.open(path);
  await person.composer.waitFor();
  await person.page.waitForFunction(() => document.querySelector('#app textarea') && !document.getElementById('skeleton'));
  return person.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))),
  );
}

// Pages up from the end of the chat with a slow processor.
async function scroll(person, { path, messages }) {
  await person.open(path);
  await person.waitForMessage(`Message ${messages}:`);
  const devtools = await person.context.newCDPSession(person.page);
  const memory = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return person.page.evaluate(() => performance.memory.usedJSHeapSize);
  };
  const before = await memory();
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN });
  await person.page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  });
  let [rows, moved] = [0, 0];
  for (let page = 0; page < PAGES; page += 1) {
    const first = person.messages.first();
    const id = await first.getAttribute('id');
    const position = await person.log.evaluate((log) => {
      log.scrollTop = 0;
      return log.querySelector('article').getBoundingClientRect().top;
    });
    await person.page.waitForFunction((id) => document.querySelector('[role=log] article').id !== id, id);
    await person.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const after = await person.page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id);
    moved = Math.max(moved, Math.abs(after - position));
    rows = Math.max(rows, await person.page.locator('[role=log] article').count());
  }
  const longest = await person.page.evaluate(() => window.longest);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return { longest, rows, moved, before, after: await memory() };
}
