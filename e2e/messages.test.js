// Two users in a chat.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';

const fixture = Fixture.install();

test('two users chat through a shared link', async () => {
  const ada = await fixture.newPerson('ada', { size: PHONE });
  await ada.open('/');
  await ada.followSignInLink();
  await ada.signUp();
  await ada.waitForHeading('Welcome ada!');
  const path = await ada.startChat();
  await ada.send('Tea at four?');
  await ada.waitForMessage('Tea at four?', { own: true });
  assert.equal(await ada.composer.inputValue(), '', 'the composer is cleared when the message is stored');
  const link = await ada.copyLink();
  assert.equal(link, fixture.server.url + path);

  const brian = await fixture.newPerson('brian', { theme: 'dark' });
  await brian.signUpAndJoin(link);
  await brian.waitForMessage('Tea at four?', { own: false });

  await brian.composer.fill('With scones, please.');
  await brian.composer.press('Enter');
  await brian.waitForMessage('With scones, please.', { own: true });
  await ada.waitForMessage('With scones, please.', { own: false });
  await ada.send('And jam & <b>cream</b>.');
  await brian.waitForMessage('And jam & <b>cream</b>.', { own: false });

  const conversation = ['Tea at four?', 'With scones, please.', 'And jam & <b>cream</b>.'];
  await ada.waitForMessages(...conversation);
  await brian.waitForMessages(...conversation);

  await brian.page.reload();
  await brian.waitForMessages(...conversation);
  await ada.send('See you then!');
  await brian.waitForMessages(...conversation, 'See you then!');

  const rows = await fixture.server.rows('users', 'chats', 'members', 'messages');
  assert.deepEqual(rows, { users: 2, chats: 1, members: 2, messages: 4 });
});

test('fast messages arrive once, in order', async () => {
  const [cora, dan] = [await fixture.newPerson('cora'), await fixture.newPerson('dan', { size: PHONE })];
  await cora.signUpAndStart();
  const path = await cora.startChat();
  await dan.signUpAndJoin(path);
  await dan.composer.waitFor();
  const texts = Array.from({ length: 12 }, (_, index) => `thought ${String(index).padStart(2, '0')}`);
  for (const text of texts) await cora.send(text);
  await cora.waitForMessages(...texts);
  await dan.waitForMessages(...texts);
});

test('first visit takes at most six requests, one origin', async () => {
  const eve = await fixture.newPerson('eve');
  await eve.signUpAndStart();
  const path = await eve.startChat();
  const frank = await fixture.newPerson('frank');
  await frank.open(path);
  await frank.button('Join the chat').click();
  await frank.composer.waitFor();
  const loaded = frank.requests.filter((request) => !['fetch', 'xhr', 'websocket'].includes(request.resourceType()));
  const urls = new Set(loaded.map((request) => request.url()));
  assert.ok(urls.size <= 6, [...urls].join('\n'));
  for (const request of frank.requests) assert.ok(request.url().startsWith(fixture.server.url), request.url());
});

test('draft is in all tabs of its author and gone after sign-out', async () => {
  const person = await fixture.newPerson('nora');
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.composer.fill('Half a thought');
  const tab = await person.context.newPage();
  await tab.goto(person.page.url());
  await tab.waitForFunction(() => document.querySelector('textarea')?.value === 'Half a thought');
  await tab.close();
  await person.goHome();
  await person.signOut();
  person.name = 'otto';
  await person.signUpAndJoin(path);
  assert.equal(await person.composer.inputValue(), '');
});

test('day label follows midnight', async () => {
  const person = await fixture.newPerson('pia');
  await person.signUpAndStart();
  await person.startChat();
  await person.send('Good night.');
  await person.waitForMessage('Good night.');
  await person.page.getByRole('heading', { name: 'Today' }).waitFor();
  await person.page.clock.setFixedTime(Date.now() + 24 * 60 * 60 * 1000);
  await person.page.getByRole('heading', { name: 'Yesterday' }).waitFor();
});

test('title names the chat or the page', async () => {
  const person = await fixture.newPerson('rosa');
  await person.signUpAndStart();
  await person.waitForTitle('Chatire');
  await person.startChat();
  await person.waitForTitle('New chat – Chatire');
  await person.goHome();
  await person.page.getByRole('link', { name: 'Settings' }).first().click();
  await person.waitForTitle('Settings – Chatire');
});
