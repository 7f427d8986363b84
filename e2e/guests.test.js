// Guests: starting, joining, claiming an account, signing out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChatList } from './chat_list.js';
import { PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

// A guest who has started a chat.
async function startAsGuest(name) {
  const person = await fixture.newPerson(name);
  await person.open('/');
  await person.field('Your name').fill(name);
  const path = await person.startChat();
  return { person, path };
}

test('guests start and join, a claimed account keeps the chat', async () => {
  const amber = await fixture.newPerson('amber');
  await amber.open('/');
  const name = await amber.field('Your name').inputValue();
  assert.match(name, /^\S+ \S+$/, 'a generated name is filled in');
  const path = await amber.startChat();
  await amber.log.getByText('QR code', { exact: true }).click();
  await amber.page.getByRole('img', { name: 'QR code of the link' }).waitFor();
  await amber.screenshot(screenshotPath('guest-share'));
  const link = await amber.copyLink();
  assert.equal(link, fixture.server.url + path);
  await amber.send('Tea at four?');
  await amber.waitForMessage('Tea at four?', { own: true });

  const brian = await fixture.newPerson('brian', { size: PHONE });
  await brian.open(link);
  await brian.waitForHeading(`Chat with ${name}`);
  await brian.screenshot(screenshotPath('guest-join-phone'));
  const guestName = await brian.field('Your name').inputValue();
  await brian.button('Join the chat').tap();
  await brian.composer.waitFor();
  await brian.waitForMessage('Tea at four?', { own: false });
  await brian.send('With scones.');
  await amber.waitForMessage('With scones.', { own: false });
  await amber.page.getByRole('article').getByText(guestName).waitFor();

  await brian.page.reload();
  await brian.waitForMessages('Tea at four?', 'With scones.');
  await brian.send('Still me.');
  await brian.waitForMessage('Still me.', { own: true });
  const tab = await fixture.newTab(brian, 'brian');
  await tab.open(path);
  await tab.waitForMessage('Still me.', { own: true });

  await brian.button('More').click();
  await brian.page.getByRole('link', { name: 'Create an account to keep your chats' }).click();
  await brian.page.getByText('You keep all your chats and messages.').waitFor();
  await brian.screenshot(screenshotPath('guest-claim-phone'));
  await brian.signUp();
  await brian.waitForPath(path);
  await brian.waitForMessages('Tea at four?', 'With scones.', 'Still me.');
  await brian.waitForMessage('Still me.', { own: true });
  await brian.send('Now with a name.');
  await amber.waitForMessage('Now with a name.');
  // The session of the guest has ended; the tab continues with the session of the account.
  tab.expectStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`);
  tab.expectStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await tab.waitForMessage('Now with a name.', { own: true });

  const elsewhere = await fixture.newPerson('brian');
  await elsewhere.open('/');
  await elsewhere.followSignInLink();
  await elsewhere.signIn();
  const list = new ChatList(elsewhere.page);
  await list.waitForOrder(path);
  await list.linkTo(path).click();
  await elsewhere.waitForMessage('Still me.', { own: true });
  const rows = await fixture.server.rows('users', 'members', 'messages');
  assert.deepEqual(rows, { users: 2, members: 2, messages: 4 });
});

test('signed-in user joins by name, member opens directly', async () => {
  const { person: cora, path } = await startAsGuest('Cora');
  await cora.send('Hello.');
  const dan = await fixture.newPerson('dan');
  await dan.signUpAndStart();
  await dan.open(path);
  await dan.button('Join as dan').click();
  await dan.waitForMessage('Hello.');
  await dan.page.reload();
  await dan.waitForMessage('Hello.');
  assert.equal(await dan.button('Join as dan').count(), 0);
  await dan.page.goBack();
  await dan.waitForHeading('Welcome dan!');
});

test('guest changes the name and confirms signing out', async () => {
  const { person: eve, path } = await startAsGuest('Eve');
  await eve.send('I was here.');
  await eve.waitForMessage('I was here.');
  await eve.button('More').click();
  await eve.page.getByRole('link', { name: 'Settings' }).last().click();
  await eve.waitForHeading('Settings');
  await eve.field('Your name').fill('Eva');
  await eve.button('Save').click();
  await eve.button('Saved').waitFor();
  const frank = await fixture.newPerson('frank');
  await frank.openAndJoin(path);
  await frank.page.getByRole('article').getByText('Eva').waitFor();

  await eve.button('Sign out').click();
  await eve.screenshot(screenshotPath('guest-settings'));
  await eve.page.getByRole('group', { name: /guests can’t sign back in/ }).getByRole('button').first().click();
  await eve.waitForPath('/chats');
  await eve.field('Your name').waitFor();
  await eve.open(path);
  await eve.button('Join the chat').waitFor();
});

test('guest is remembered without browser storage', async () => {
  const uma = await fixture.newPerson('uma');
  await uma.context.addInitScript(() => {
    const get = () => {
      throw new DOMException('Denied', 'SecurityError');
    };
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get });
  });
  // Without storage the server is asked whether the browser has a cookie.
  uma.expectStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await uma.open('/');
  await uma.field('Your name').fill('Uma');
  const path = await uma.startChat();
  await uma.send('Still me?');
  await uma.waitForMessage('Still me?', { own: true });
  await uma.page.reload();
  await uma.waitForMessage('Still me?', { own: true });
  await uma.open('/');
  await uma.waitForHeading('Welcome Uma!');
  await uma.open(path);
  await uma.waitForMessage('Still me?', { own: true });
  const rows = await fixture.server.sql("SELECT count(*) FROM users WHERE display_name = 'Uma'");
  assert.equal(rows, '1\n');
});

test('rate-limited guest sees a countdown and keeps the input', async () => {
  const gus = await fixture.newPerson('gus');
  gus.expectStatus('429 (Too Many Requests)', '/auth/guest/');
  await gus.context.route('**/auth/guest/', (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
        detail: 'Not now.',
        code: 'too_many_requests',
        retry_after: 3,
      }),
    }),
  );
  await gus.open('/');
  await gus.field('Your name').fill('Gus');
  await gus.button('Start Chatting').click();
  await gus.page.getByText(/Try again in \d seconds?/).waitFor();
  assert.ok(await gus.button('Start Chatting').isDisabled());
  assert.equal(await gus.field('Your name').inputValue(), 'Gus');
  await gus.context.unroute('**/auth/guest/');
  await gus.button('Start Chatting').click();
  await gus.composer.waitFor();
});

test('start page sends no auth request for new visitors', async () => {
  const hal = await fixture.newPerson('hal');
  await hal.open('/');
  await hal.field('Your name').waitFor();
  const authRequests = hal.requests.filter((request) => request.url().includes('/auth/'));
  assert.deepEqual(authRequests.map((request) => request.url()), []);
});
