// Without an account: from a link to writing is one tap, and nothing of it is forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChatList } from './chat_list.js';
import { PHONE, Stage, artifact } from './stage.js';

const stage = Stage.forThisFile();

// A guest who started a chat and said something in it.
async function host(name) {
  const person = await stage.enter(name);
  await person.open('/');
  await person.field('Your name').fill(name);
  const path = await person.startChat();
  return { person, path };
}

test('a guest starts, another joins by one tap on a phone, and a claimed account sees it all elsewhere', async () => {
  const amber = await stage.enter('amber');
  await amber.open('/');
  const name = await amber.field('Your name').inputValue();
  assert.match(name, /^\S+ \S+$/, 'a friendly name is there already');
  const path = await amber.startChat();
  await amber.page.getByRole('img', { name: 'QR code of the link' }).waitFor();
  await amber.screenshot(artifact('guest-share'));
  const link = await amber.copyLink();
  assert.equal(link, stage.server.url + path);
  await amber.say('Tea at four?');
  await amber.sees('Tea at four?', { own: true });

  const brian = await stage.enter('brian', { size: PHONE });
  await brian.open(link);
  await brian.heads(`Chat with ${name}`);
  await brian.screenshot(artifact('guest-join-phone'));
  const his = await brian.field('Your name').inputValue();
  await brian.button('Join the chat').tap();
  await brian.composer.waitFor();
  await brian.sees('Tea at four?', { own: false });
  await brian.say('With scones.');
  await amber.sees('With scones.', { own: false });
  await amber.page.getByRole('article').getByText(his).waitFor();

  await brian.page.reload();
  await brian.seesInOrder('Tea at four?', 'With scones.');
  await brian.say('Still me.');
  await brian.sees('Still me.', { own: true });
  const tab = await stage.enterBeside(brian, 'brian');
  await tab.open(path);
  await tab.sees('Still me.', { own: true });

  await brian.button('More').click();
  await brian.page.getByRole('link', { name: 'Keep your chats: create an account' }).click();
  await brian.page.getByText('You stay who you are').waitFor();
  await brian.screenshot(artifact('guest-claim-phone'));
  await brian.signUp();
  await brian.isAt(path);
  await brian.seesInOrder('Tea at four?', 'With scones.', 'Still me.');
  await brian.sees('Still me.', { own: true });
  await brian.say('Now with a name.');
  await amber.sees('Now with a name.');
  // Its session has ended with the guest, and the browser's own goes on.
  tab.expectsStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`);
  tab.expectsStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await tab.sees('Now with a name.', { own: true });

  const elsewhere = await stage.enter('brian');
  await elsewhere.open('/');
  await elsewhere.saysToHaveAnAccount();
  await elsewhere.signIn();
  const list = new ChatList(elsewhere.page);
  await list.are(path);
  await list.at(path).click();
  await elsewhere.sees('Still me.', { own: true });
  const rows = await stage.server.rows('users', 'members', 'messages');
  assert.deepEqual(rows, { users: 2, members: 2, messages: 4 });
});

test('whoever is known joins under their name, and members go straight in', async () => {
  const { person: cora, path } = await host('Cora');
  await cora.say('Hello.');
  const dan = await stage.enter('dan');
  await dan.arrive();
  await dan.open(path);
  await dan.button('Join as dan').click();
  await dan.sees('Hello.');
  await dan.page.reload();
  await dan.sees('Hello.');
  assert.equal(await dan.button('Join as dan').count(), 0);
  await dan.page.goBack();
  await dan.heads('Welcome dan!');
});

test('a guest is called what they like, and is asked twice before they are forgotten', async () => {
  const { person: eve, path } = await host('Eve');
  await eve.say('I was here.');
  await eve.sees('I was here.');
  await eve.button('More').click();
  await eve.page.getByRole('link', { name: 'Settings' }).last().click();
  await eve.heads('Settings');
  await eve.field('Your name').fill('Eva');
  await eve.button('Save').click();
  await eve.button('Saved').waitFor();
  const frank = await stage.enter('frank');
  await frank.comesIn(path);
  await frank.page.getByRole('article').getByText('Eva').waitFor();

  await eve.button('Forget me on this browser').click();
  await eve.screenshot(artifact('guest-settings'));
  await eve.page.getByRole('group', { name: /cannot come back/ }).getByRole('button').first().click();
  await eve.isAt('/chats');
  await eve.field('Your name').waitFor();
  await eve.open(path);
  await eve.button('Join the chat').waitFor();
});

test('too many guests from one place are told when to go on, and what was typed is kept', async () => {
  const gus = await stage.enter('gus');
  gus.expectsStatus('429 (Too Many Requests)', '/auth/guest/');
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
  await gus.page.getByText(/You can go on in \d seconds?/).waitFor();
  assert.ok(await gus.button('Start Chatting').isDisabled());
  assert.equal(await gus.field('Your name').inputValue(), 'Gus');
  await gus.context.unroute('**/auth/guest/');
  await gus.button('Start Chatting').click();
  await gus.composer.waitFor();
});

test('a stranger at the start page costs no question about who they are', async () => {
  const hal = await stage.enter('hal');
  await hal.open('/');
  await hal.field('Your name').waitFor();
  const asked = hal.requests.filter((request) => request.url().includes('/auth/'));
  assert.deepEqual(asked.map((request) => request.url()), []);
});
