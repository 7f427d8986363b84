// Links to one message, and reading a part of a long chat.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();
const COUNT = 300;
const TEXTS = Array.from({ length: COUNT }, (_, index) => `Leaf ${index + 1}.`);

// A person in a chat of 300 messages, and a function that returns the link to one of them.
async function newLongChat(name, options) {
  const author = await fixture.newPerson(name, options);
  await author.signUpAndStart();
  const path = await author.startChat();
  await author.postMany(path, TEXTS);
  await author.waitForMessage(TEXTS.at(-1));
  const { seq } = await lastMessage(author, path);
  return { author, path, linkTo: (number) => `${path}?at=${seq - COUNT + number}` };
}

const lastMessage = (person, path) =>
  person.page.evaluate(async (url) => {
    const response = await fetch(url, { headers: { Authorization: `JWT ${sessionStorage.authToken}` } });
    return (await response.json()).messages[0];
  }, `/api${path}/messages/?limit=1`);

const waitForHighlighted = (person, text) =>
  person.page.locator('article.highlighted:focus').filter({ hasText: text }).waitFor();

const numbersShown = async (person) =>
  (await person.messages.allInnerTexts()).map((text) => Number(/Leaf (\d+)/.exec(text)?.[1])).filter(Boolean);

test('copied link leads a visitor to the message', async () => {
  const { author, path, linkTo } = await newLongChat('perma-author', { size: PHONE, theme: 'dark' });
  await author.choose(await author.waitForMessage('Leaf 300.'), 'Copy link');
  await author.log.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await author.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `${fixture.server.url}${linkTo(300)}`);
  const visitor = await fixture.newPerson('perma-visitor');
  await visitor.open(linkTo(20));
  await visitor.button('Join the chat').click();
  await waitForHighlighted(visitor, 'Leaf 20.');
  await visitor.screenshot(screenshotPath('permalink'));
  const position = await visitor.distanceFromTop('Leaf 20.');
  assert.ok(position > 0 && position < 400, `the message is in view: ${position}`);
  assert.equal(new URL(visitor.page.url()).search, '', 'the same link can be followed again');
  assert.equal(new URL(visitor.page.url()).pathname, path);
});

test('part of a long chat is read down to its end', async () => {
  const { author: person, linkTo } = await newLongChat('down-author');
  await person.open(linkTo(100));
  await waitForHighlighted(person, 'Leaf 100.');
  const pill = person.button('Jump to latest');
  const seen = new Set();
  while (await pill.isVisible()) {
    const shown = await numbersShown(person);
    assert.deepEqual(shown, Array.from(shown, (_, index) => shown[0] + index), 'there is no gap');
    shown.forEach((number) => seen.add(number));
    await person.log.evaluate((log) => {
      log.scrollTop = log.scrollHeight;
    });
    await person.page.waitForFunction(
      (last) => {
        const pill = [...document.querySelectorAll('.pill')].find((it) => it.textContent.includes('Jump to latest'));
        return pill.hidden || !document.querySelector('[role=log] article:last-of-type').textContent.includes(last);
      },
      `Leaf ${shown.at(-1)}.`,
    );
  }
  (await numbersShown(person)).forEach((number) => seen.add(number));
  for (let number = 100; number <= COUNT; number += 1) assert.ok(seen.has(number), `${number} was shown`);
});

test('messages that arrive while a part is read are counted', async () => {
  const { author, path, linkTo } = await newLongChat('count-author');
  const reader = await fixture.newPerson('count-reader');
  await reader.signUpAndStart();
  await reader.openAndJoin(path);
  await reader.open(linkTo(50));
  await waitForHighlighted(reader, 'Leaf 50.');
  const position = await reader.distanceFromTop('Leaf 50.');
  await author.send('Something new');
  await reader.button('1 new message').waitFor();
  assert.ok(Math.abs((await reader.distanceFromTop('Leaf 50.')) - position) < 2, 'the view is still');
  await reader.button('1 new message').click();
  await reader.waitForMessage('Something new');
  assert.deepEqual((await numbersShown(reader)).at(-1), COUNT);
  // Upwards from there, nothing is missing.
  const isFound = (log) => {
    log.scrollTop = 0;
    return [...log.querySelectorAll('article')].some((message) => message.innerText.includes('Leaf 200.'));
  };
  await reader.page.waitForFunction(isFound, await reader.log.elementHandle(), { polling: 100 });
  const shown = await numbersShown(reader);
  assert.deepEqual(shown, Array.from(shown, (_, index) => shown[0] + index), 'there is no gap');
});

test('link in a message can be followed twice', async () => {
  const { author: person, linkTo } = await newLongChat('twice-author');
  await person.send(`See ${fixture.server.url}${linkTo(10)}`);
  for (let time = 0; time < 2; time += 1) {
    await person.log.getByRole('link').click();
    await waitForHighlighted(person, 'Leaf 10.');
    await person.button('Jump to latest').click();
    await person.log.getByRole('link').waitFor();
  }
});

test('link to a message that does not exist says so', async () => {
  const { author: person, path } = await newLongChat('gone-link');
  await person.open(`${path}?at=99999`);
  await person.waitForAlert('This message doesn’t exist anymore.');
  await person.screenshot(screenshotPath('permalink-gone'));
  await person.waitForMessage('Leaf 300.');
  await person.open(`${path}?at=yesterday`);
  await person.waitForMessage('Leaf 300.');
});

test('message that cannot be loaded is explained', async () => {
  const { author: person, path } = await newLongChat('offline-link');
  const { seq } = await lastMessage(person, path);
  const post = { message: 'To the first', reply_to: seq - COUNT + 1 };
  const isPosted = await person.page.evaluate(
    async ([url, body]) => {
      const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
      return (await fetch(url, { method: 'POST', headers, body })).ok;
    },
    [`/api${path}/messages/`, JSON.stringify(post)],
  );
  assert.ok(isPosted);
  await person.page.reload();
  const quote = (await person.waitForMessage('To the first')).locator('.quote');
  await quote.filter({ hasText: 'Leaf 1.' }).waitFor();
  await person.context.route('**/messages/?around=*', (route) => route.abort());
  person.expectFailedConnections('FAILED', `/api${path}/messages/`);
  await quote.click();
  await person.waitForAlert('Can’t reach the server.');
  await person.context.unroute('**/messages/?around=*');
  await quote.click();
  await waitForHighlighted(person, 'Leaf 1.');
});
