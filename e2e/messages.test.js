// Two users in a chat.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';

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

test('draft is in the chat list of all tabs until sent', async () => {
  const person = await fixture.newPerson('quin');
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.send('The last message');
  await person.waitForMessage('The last message');
  const tab = await fixture.newTab(person, 'quin');
  await tab.open('/chats');
  const [row, otherRow] = [person.chatList.linkTo(path), tab.chatList.linkTo(path)];
  await otherRow.getByText('The last message').waitFor();
  await person.composer.fill('Half a thought');
  for (const place of [row, otherRow]) await place.getByText('Draft: Half a thought').waitFor();
  await person.screenshot(screenshotPath('draft'));
  await tab.page.reload();
  await otherRow.getByText('Draft:').waitFor();
  await person.composer.press('Enter');
  for (const place of [row, otherRow]) {
    await place.getByText('You: Half a thought').waitFor();
    assert.equal(await place.getByText('Draft:').count(), 0);
  }
});

test('day label follows midnight', async () => {
  const person = await fixture.newPerson('pia');
  await person.page.clock.install();
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

test('times follow the time zone of the system', async () => {
  const person = await fixture.newPerson('sara', { timeZone: null });
  const system = await person.context.newCDPSession(person.page);
  await system.send('Emulation.setTimezoneOverride', { timezoneId: 'Europe/London' });
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.send('What time is it?');
  const message = await person.waitForMessage('What time is it?');
  const time = () => message.locator('time').evaluate(({ innerText, dateTime }) => [innerText, dateTime]);
  const clockTime = (dateTime, timeZone) =>
    new Date(dateTime).toLocaleTimeString('en-GB', { timeZone, hour: 'numeric', minute: '2-digit' });
  const [before, sentAt] = await time();
  assert.equal(before, clockTime(sentAt, 'Europe/London'));
  await system.send('Emulation.setTimezoneOverride', { timezoneId: 'Asia/Tokyo' });
  const tokyo = clockTime(sentAt, 'Asia/Tokyo');
  await message.locator('time').filter({ hasText: tokyo }).waitFor();
  await person.chatList.linkTo(path).locator('time').filter({ hasText: tokyo }).waitFor();
});

// Wraps every text as the translation of a browser does.
function translate(person) {
  return person.page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (texts.nextNode()) nodes.push(texts.currentNode);
    for (const node of nodes.filter(({ data }) => data.trim())) {
      const outer = document.createElement('font');
      outer.append(Object.assign(document.createElement('font'), { textContent: node.data }));
      node.replaceWith(outer);
    }
  });
}

test('translated page still shows what changes', async () => {
  const [tess, uwe, vera] = [await fixture.newPerson('tess'), await fixture.newPerson('uwe'), await fixture.newPerson('vera')];
  await tess.signUpAndStart();
  const path = await tess.startChat();
  await tess.send('Bonjour');
  await uwe.signUpAndJoin(path);
  await uwe.waitForMessage('Bonjour');
  await uwe.composer.pressSequentially('Tea');
  await tess.typingIndicator('uwe is typing…').waitFor();
  await tess.page.getByText('2 people · uwe is here').waitFor();
  await translate(tess);
  await uwe.send('Tea?');
  await tess.waitForMessage('Tea?');
  await tess.chatList.linkTo(path).getByText('Tea?').waitFor();
  assert.equal(await tess.page.getByText('is typing…').count(), 0);
  await vera.signUpAndJoin(path);
  await tess.page.getByText('3 people · uwe and vera are here').waitFor();
  await tess.page.getByRole('heading', { name: 'uwe and vera' }).waitFor();
  await tess.send('Coffee!');
  const own = await tess.waitForMessage('Coffee!');
  await own.getByText('Sent').waitFor({ state: 'attached' });
  await translate(tess);
  await own.hover();
  await own.getByRole('button', { name: 'Message options' }).click();
  await own.getByRole('button', { name: 'Delete' }).click();
  await tess.waitForMessage('Message deleted', { state: 'deleted' });
  await tess.button('Undo').click();
  await tess.waitForMessage('Coffee!');
});
