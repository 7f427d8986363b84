// Two people: one starts a chat and shares the link, the other opens it, and they talk.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Stage } from './stage.js';

const stage = Stage.forThisFile();

test('ada starts a chat, brian opens its link, both talk without reloading', async () => {
  const ada = await stage.enter('ada', { size: PHONE });
  await ada.open('/');
  await ada.saysToHaveAnAccount();
  await ada.signUp();
  await ada.heads('Welcome ada!');
  const path = await ada.startChat();
  await ada.say('Tea at four?');
  await ada.sees('Tea at four?', { own: true });
  assert.equal(await ada.composer.inputValue(), '', 'the text clears when the message is stored');
  const link = await ada.copyLink();
  assert.equal(link, stage.server.url + path);

  const brian = await stage.enter('brian', { theme: 'dark' });
  await brian.joins(link);
  await brian.sees('Tea at four?', { own: false });

  await brian.composer.fill('With scones, please.');
  await brian.composer.press('Enter');
  await brian.sees('With scones, please.', { own: true });
  await ada.sees('With scones, please.', { own: false });
  await ada.say('And jam & <b>cream</b>.');
  await brian.sees('And jam & <b>cream</b>.', { own: false });

  const whole = ['Tea at four?', 'With scones, please.', 'And jam & <b>cream</b>.'];
  await ada.seesInOrder(...whole);
  await brian.seesInOrder(...whole);

  await brian.page.reload();
  await brian.seesInOrder(...whole);
  await ada.say('See you then!');
  await brian.seesInOrder(...whole, 'See you then!');

  const rows = await stage.server.rows('users', 'chats', 'members', 'messages');
  assert.deepEqual(rows, { users: 2, chats: 1, members: 2, messages: 4 });
});

test('what is said quickly arrives once each and in order', async () => {
  const [cora, dan] = [await stage.enter('cora'), await stage.enter('dan', { size: PHONE })];
  await cora.arrive();
  const path = await cora.startChat();
  await dan.joins(path);
  await dan.composer.waitFor();
  const texts = Array.from({ length: 12 }, (_, nth) => `thought ${String(nth).padStart(2, '0')}`);
  for (const text of texts) await cora.say(text);
  await cora.seesInOrder(...texts);
  await dan.seesInOrder(...texts);
});

test('a first look at a chat takes at most six requests, all of them to us', async () => {
  const eve = await stage.enter('eve');
  await eve.arrive();
  const path = await eve.startChat();
  const frank = await stage.enter('frank');
  await frank.open(path);
  await frank.button('Join the chat').click();
  await frank.composer.waitFor();
  const loaded = frank.requests.filter((request) => !['fetch', 'xhr', 'websocket'].includes(request.resourceType()));
  const addresses = new Set(loaded.map((request) => request.url()));
  assert.ok(addresses.size <= 6, [...addresses].join('\n'));
  for (const request of frank.requests) assert.ok(request.url().startsWith(stage.server.url), request.url());
});
