// What the page does while the program loads, and the parts of the program that are loaded later.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, Fixture, PHONE } from './fixture.js';

const PROGRAM = '**/chat_bg.wasm';
const fixture = Fixture.install();

// Holds back the files of this pattern until the returned function is called.
async function hold(target, pattern) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await target.route(pattern, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

const apiRequests = (person) =>
  person.requests
    .map((request) => `${request.method()} ${new URL(request.url()).pathname}`)
    .filter((request) => /\/(api|auth)\//.test(request) && !request.includes('socket'));

// Sends a request with the session of a person.
function callApi(person, method, path, body) {
  return person.page.evaluate(async ([method, path, body]) => {
    const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  }, [method, path, body]);
}

// Text, place and colour of all messages, and of what stands between them.
function messageBoxes(page, root) {
  const selector = `${root} :is(.day-separator, .event, .author, .message .avatar, .bubble, .reaction > span, .message-meta time)`;
  return page.locator(selector).evaluateAll((elements) =>
    elements.map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const { backgroundColor } = getComputedStyle(element);
      // Names are isolated from the text around them, by an element or by characters.
      const text = element.textContent.replace(/[\u2068\u2069]/g, '');
      return [text, backgroundColor, ...[x, y, width, height].map(Math.round)];
    }),
  );
}

// The socket is open, and asked for what the chat list has missed.
async function followFrame(page) {
  const socket = await page.waitForEvent('websocket');
  await socket.waitForEvent('framesent', { predicate: ({ payload }) => payload.includes('"follow"') });
}

test('first requests are sent once, while the program loads', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('first-owner', 'first-member');
  // Another tab has the cookie, but no token.
  const tab = await fixture.newTab(owner, 'first-owner');
  const release = await hold(tab.page, PROGRAM);
  const followed = followFrame(tab.page);
  const joined = tab.page.waitForResponse((response) => response.request().method() === 'PATCH');
  await tab.open(path);
  await joined;
  const chat = `/api${path}/`;
  const expected = [
    'POST /auth/jwt/refresh/',
    'GET /auth/me/',
    'GET /api/chats/',
    `GET ${chat}`,
    `GET ${chat}messages/`,
    `GET ${chat}read_position/`,
    `PATCH ${chat}`,
  ];
  assert.deepEqual(apiRequests(tab).sort(), [...expected].sort());
  release();
  await tab.waitForMessage('Welcome.');
  await followed;
  const sent = apiRequests(tab);
  // The read positions are fetched again when the socket is open.
  for (const request of expected.filter((request) => !request.endsWith('read_position/'))) {
    assert.equal(sent.filter((other) => other === request).length, 1, request);
  }
});

test('chat list is fetched again if it changed before the socket opened', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('missed-owner', 'missed-member');
  const tab = await fixture.newTab(owner, 'missed-owner');
  const release = await hold(tab.page, '**/auth/tickets/');
  await tab.open(path);
  await tab.waitForMessage('Welcome.');
  const fetches = () => apiRequests(tab).filter((request) => request === 'GET /api/chats/').length;
  assert.equal(fetches(), 1);
  // Another device starts a chat.
  await owner.goHome();
  await owner.startChat();
  const refetched = tab.page.waitForResponse((response) => new URL(response.url()).pathname === '/api/chats/');
  release();
  const list = await (await refetched).json();
  assert.equal(list.chats.length, 2);
  assert.equal(fetches(), 2);
});

test('start page takes the name before the program runs', async () => {
  const person = await fixture.newPerson('early-name');
  const release = await hold(person.page, PROGRAM);
  await person.open('/');
  await person.field('Your name').pressSequentially('Early Bird');
  release();
  await person.page.locator('#skeleton').waitFor({ state: 'detached' });
  assert.equal(await person.field('Your name').inputValue(), 'Early Bird');
  // The field still has the focus, and what is typed next is added.
  await person.page.keyboard.type('!');
  assert.equal(await person.field('Your name').inputValue(), 'Early Bird!');
});

test('empty name field keeps the focus, and typing replaces the name', async () => {
  const person = await fixture.newPerson('early-focus');
  const release = await hold(person.page, PROGRAM);
  await person.open('/');
  await person.field('Your name').focus();
  release();
  await person.page.locator('#skeleton').waitFor({ state: 'detached' });
  assert.notEqual(await person.field('Your name').inputValue(), '');
  await person.page.keyboard.type('Late');
  assert.equal(await person.field('Your name').inputValue(), 'Late');
});

test('chat is started by a form sent before the program runs', async () => {
  const person = await fixture.newPerson('early-start');
  const release = await hold(person.page, PROGRAM);
  await person.open('/');
  await person.field('Your name').fill('Starter');
  await person.button('Start Chatting').click();
  release();
  await person.waitForPath(/^\/chats\/\w+$/);
  await person.page.getByRole('textbox', { name: 'Message' }).waitFor();
});

test('visitor joins, reads and writes before the program runs', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('early-owner', 'early-member');
  const visitor = await fixture.newPerson('early-visitor', { size: PHONE });
  const release = await hold(visitor.page, PROGRAM);
  await visitor.open(path);
  await visitor.waitForHeading('You’re invited to a chat');
  await visitor.field('Your name').fill('Visitor');
  await visitor.button('Join the chat').click();
  await visitor.page.locator('#skeleton').getByText('Welcome.').waitFor();
  await owner.page.getByText('Visitor').first().waitFor();
  const message = visitor.page.getByRole('textbox', { name: 'Message' });
  await message.fill('Already here.');
  await visitor.button('Send').first().click();
  release();
  await owner.waitForMessage('Already here.');
  await visitor.waitForMessage('Already here.', { own: true });
  assert.equal(await visitor.page.locator('.unread-line').count(), 0);
  const sent = apiRequests(visitor);
  for (const request of ['POST /auth/guest/', `PATCH /api${path}/`, `GET /api${path}/messages/`]) {
    assert.equal(sent.filter((other) => other === request).length, 1, request);
  }
});

test('visitor who joined before the program ran is a member after a reload', async () => {
  const { path } = await fixture.newOwnerAndMember('reload-owner', 'reload-member');
  const visitor = await fixture.newPerson('reload-visitor');
  const release = await hold(visitor.page, PROGRAM);
  await visitor.open(path);
  await visitor.field('Your name').fill('Reloader');
  await visitor.button('Join the chat').click();
  await visitor.page.locator('#skeleton').getByText('Welcome.').waitFor();
  release();
  await visitor.page.reload();
  await visitor.send('Still Reloader.');
  await visitor.waitForMessage('Still Reloader.', { own: true });
  const guests = apiRequests(visitor).filter((request) => request === 'POST /auth/guest/');
  assert.equal(guests.length, 1);
});

test('name that the server rejects is shown with its error', async () => {
  const { path } = await fixture.newOwnerAndMember('strict-owner', 'strict-member');
  const visitor = await fixture.newPerson('strict-visitor');
  visitor.expectStatus('400 (Bad Request)', '/auth/guest/');
  const release = await hold(visitor.page, PROGRAM);
  await visitor.open(path);
  const rejected = visitor.page.waitForResponse('**/auth/guest/');
  await visitor.field('Your name').fill('x'.repeat(100));
  await visitor.button('Join the chat').click();
  assert.equal((await rejected).status(), 400);
  await visitor.button('One moment…').waitFor();
  release();
  await visitor.page.locator('#skeleton').waitFor({ state: 'detached' });
  assert.equal(await visitor.field('Your name').inputValue(), 'x'.repeat(100));
  assert.equal(await visitor.field('Your name').getAttribute('aria-invalid'), 'true');
  await visitor.field('Your name').fill('Short');
  await visitor.button('Join the chat').click();
  await visitor.waitForMessage('Welcome.');
});

test('visitor waits for the program where joining needs approval', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('wary-owner', 'wary-member');
  await callApi(owner, 'PATCH', `/api${path}/settings/`, { approval_required: true });
  const visitor = await fixture.newPerson('wary-visitor');
  const release = await hold(visitor.page, PROGRAM);
  const previewed = visitor.page.waitForResponse(`**/api${path}/`);
  await visitor.open(path);
  await previewed;
  assert.equal(await visitor.button('Join the chat').isDisabled(), true);
  release();
  await visitor.button('Ask to join').waitFor();
});

test('join that failed before the program ran is tried again, and its error is shown', async () => {
  const { path } = await fixture.newOwnerAndMember('broken-owner', 'broken-member');
  const visitor = await fixture.newPerson('broken-visitor');
  const chat = `/api${path}/`;
  visitor.expectStatus('503 (Service Unavailable)', chat);
  let isFailing = true;
  const fail = (route) => (isFailing && route.request().method() === 'PATCH' ? route.fulfill({ status: 503 }) : route.continue());
  await visitor.page.route(`**${chat}`, fail);
  const release = await hold(visitor.page, PROGRAM);
  await visitor.open(path);
  const failed = () => visitor.page.waitForResponse((response) => response.status() === 503);
  const [first] = await Promise.all([
    failed(),
    visitor.field('Your name').fill('Visitor').then(() => visitor.button('Join the chat').click()),
  ]);
  assert.equal(first.request().method(), 'PATCH');
  const second = failed();
  release();
  await second;
  await visitor.page.getByRole('alert').first().waitFor();
  isFailing = false;
  await visitor.button('Join as Visitor').click();
  await visitor.waitForMessage('Welcome.');
  assert.equal(apiRequests(visitor).filter((request) => request === 'POST /auth/guest/').length, 1);
});

test('messages stay in place when the program takes over', async () => {
  for (const [size, name] of [[PHONE, 'still-phone'], [DESKTOP, 'still-desktop']]) {
    const { owner, other, path } = await fixture.newOwnerAndMember(`${name}-owner`, `${name}-other`, { size });
    const messages = `/api${path}/messages/`;
    await owner.send('Two messages that are deleted.');
    await owner.send('This is the second one.');
    await owner.waitForMessage('This is the second one.', { own: true });
    await callApi(owner, 'DELETE', `${messages}?user=${await owner.page.evaluate(() => sessionStorage.account)}&minutes=5`);
    await callApi(owner, 'PATCH', `/api${path}/settings/`, { approval_required: true });
    await owner.send('A first line\nand a second.');
    await owner.send('And another message.');
    await owner.choose(await owner.waitForMessage('And another message.'), '👍');
    await (await other.waitForMessage('And another message.')).locator('.reaction').waitFor();
    // The new tab has no unread messages.
    await owner.log.locator('.seen-by').filter({ hasText: /\w/ }).first().waitFor();
    await other.send('An answer.');
    await other.waitForMessage('An answer.', { own: true });
    // A new tab does not know whose session it is.
    const tab = await fixture.newTab(other, `${name}-other`);
    await tab.page.setViewportSize(size);
    const release = await hold(tab.page, PROGRAM);
    await tab.open(path);
    await tab.page.locator('#skeleton').getByText('An answer.').waitFor();
    const before = await messageBoxes(tab.page, '#skeleton');
    assert.ok(before.length > 10);
    release();
    await tab.page.locator('#skeleton').waitFor({ state: 'detached' });
    await tab.composer.waitFor();
    assert.deepEqual(await messageBoxes(tab.page, '#app'), before);
  }
});

test('message written before the program runs is sent once', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('early-writer', 'early-reader');
  const tab = await fixture.newTab(owner, 'early-writer');
  const release = await hold(tab.page, PROGRAM);
  await tab.open(path);
  const message = tab.page.getByRole('textbox', { name: 'Message' });
  await message.fill('Written early.');
  await message.press('Enter');
  release();
  await other.waitForMessage('Written early.');
  await tab.waitForMessage('Written early.');
  assert.equal(await other.page.getByRole('main').getByText('Written early.', { exact: true }).count(), 1);
  assert.equal(await message.inputValue(), '');
});

test('text typed while the chat loads is kept, also by the wide page', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('slow-owner', 'slow-member');
  await owner.composer.fill('An older draft');
  const tab = await fixture.newTab(owner, 'slow-owner');
  const release = await hold(tab.page, `**/api${path}/`);
  await tab.open(path);
  const message = tab.page.getByRole('textbox', { name: 'Message' });
  await message.fill('On my way');
  // The chat list is there before the chat.
  await tab.page.locator('#app .chat-list-panel').waitFor({ state: 'attached' });
  await message.press('Enter');
  release();
  await tab.waitForMessage('On my way');
  assert.equal(await tab.composer.inputValue(), 'An older draft');
  assert.equal(tab.requests.filter((request) => request.method() === 'PATCH').length, 1);
});

test('message written while the server fails is sent after all', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('failing-owner', 'failing-member');
  const tab = await fixture.newTab(owner, 'failing-owner');
  let isFailing = true;
  await tab.page.route(`**/api${path}/`, (route) => (isFailing ? route.fulfill({ status: 503 }) : route.continue()));
  tab.expectStatus('503 (Service Unavailable)', `/api${path}/`);
  const release = await hold(tab.page, PROGRAM);
  await tab.open(path);
  const message = tab.page.getByRole('textbox', { name: 'Message' });
  await message.fill('Still here');
  await message.press('Enter');
  release();
  await tab.button('Try again').waitFor();
  isFailing = false;
  // Unless the page has tried again by itself.
  await tab.page.evaluate(() => document.querySelector('main button.primary')?.click());
  await tab.waitForMessage('Still here');
});

test('chat list that loads after the page changed does no harm', async () => {
  const person = await fixture.newPerson('late-list');
  await person.open('/');
  const release = await hold(person.page, '**/split_pages.wasm');
  await person.field('Your name').fill('Late');
  await person.button('Start Chatting').click();
  await person.composer.waitFor();
  release();
  await person.page.getByRole('navigation', { name: 'Your chats' }).waitFor();
  await person.send('Works.');
  await person.waitForMessage('Works.');
});

test('text typed before the program runs stays a draft', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('early-drafter', 'early-waiter');
  const tab = await fixture.newTab(owner, 'early-drafter');
  const release = await hold(tab.page, PROGRAM);
  await tab.open(path);
  const message = tab.page.getByRole('textbox', { name: 'Message' });
  await message.pressSequentially('Not yet');
  release();
  await tab.waitForMessage('Welcome.');
  assert.equal(await message.inputValue(), 'Not yet');
  await tab.page.keyboard.type(' sent');
  assert.equal(await message.inputValue(), 'Not yet sent');
});

test('part that cannot be loaded offers to try again', async () => {
  const { owner } = await fixture.newOwnerAndMember('part-owner', 'part-member');
  let isCut = true;
  await owner.page.route('**/split_tools.wasm', (route) => (isCut ? route.abort() : route.continue()));
  await owner.page.reload();
  await owner.waitForMessage('Welcome.');
  await owner.page.locator('#chat-title').click();
  await owner.page.getByText('This part couldn’t be loaded.').waitFor();
  isCut = false;
  await owner.button('Try again').click();
  await owner.page.getByRole('tab', { name: 'People' }).waitFor();
  owner.errors = owner.errors.filter((error) => !/ERR_FAILED|Failed to fetch/.test(error));
});

test('page that is older than the server reloads itself', async () => {
  const { owner } = await fixture.newOwnerAndMember('old-owner', 'old-member');
  // What is loaded in the background is still missing.
  await owner.page.route('**/split_tools.wasm', (route) => route.abort());
  await owner.page.reload();
  await owner.waitForMessage('Welcome.');
  // Until the page has found that it is not outdated.
  await owner.page.waitForLoadState('networkidle');
  await owner.page.unroute('**/split_tools.wasm');
  // The files of the page are gone, but for the reload.
  await owner.page.route('**/chat-*/**', (route) => route.fulfill({ status: 404, body: '' }));
  const gone = owner.page.waitForResponse((response) => response.request().method() === 'HEAD');
  await owner.page.locator('#chat-title').click();
  await gone;
  await owner.page.unroute('**/chat-*/**');
  await owner.page.getByRole('tab', { name: 'People' }).waitFor();
  owner.errors = owner.errors.filter((error) => !/404|TypeError|ERR_FAILED|Failed to fetch/.test(error));
});

test('draft is in view and can be edited before the program runs', async () => {
  const { owner } = await fixture.newOwnerAndMember('draft-owner', 'draft-member');
  await owner.composer.fill('Half a draft');
  const release = await hold(owner.page, PROGRAM);
  const message = owner.page.getByRole('textbox', { name: 'Message' });
  await owner.page.reload({ waitUntil: 'commit' });
  await owner.page.locator('#skeleton').getByText('Opening the chat…').waitFor();
  assert.equal(await message.inputValue(), 'Half a draft');
  await message.fill('A whole draft');
  release();
  await owner.waitForMessage('Welcome.');
  assert.equal(await owner.composer.inputValue(), 'A whole draft');
});
