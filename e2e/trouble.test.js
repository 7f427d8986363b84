// What is refused, and what fails, is said in words, and nothing that was written is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Stage } from './stage.js';

const stage = Stage.forThisFile();

test('a taken name and a wrong password are explained on the page', async () => {
  const first = await stage.enter('ada');
  await first.arrive();
  const second = await stage.enter('ada');
  second.expectsStatus('400 (Bad Request)', '/auth/users/create/', '/auth/jwt/create/');
  await second.open('/auth');
  await second.signUp();
  await second.isTold(/has this name/);
  await second.signIn('not the password');
  await second.isTold(/username and password/);
  await second.signIn();
  await second.heads('Welcome ada!');
});

test('a text over the limit is kept, and words say why it is not sent', async () => {
  const brian = await stage.enter('brian');
  await brian.arrive();
  await brian.startChat();
  const text = 'a'.repeat(4001);
  await brian.composer.fill(text);
  await brian.composer.press('Enter');
  await brian.page.getByText(/4,000|too long/i).first().waitFor();
  assert.equal(await brian.composer.inputValue(), text);
  assert.equal(await brian.messages.count(), 0);
  await brian.say(text.slice(1));
  await brian.sees(text.slice(1));
});

test('a message that was refused is kept, and goes out on Retry', async () => {
  const cora = await stage.enter('cora');
  const relent = await cora.isRefused('Late.');
  await cora.arrive();
  await cora.startChat();
  await cora.say('Early.');
  await cora.sees('Early.');
  await cora.say('Late.');
  const message = await cora.sees('Late.', { state: 'failed', own: true });
  relent();
  await message.getByRole('button', { name: 'Retry' }).click();
  await cora.sees('Late.', { own: true });
  await cora.page.reload();
  await cora.seesInOrder('Early.', 'Late.');
});

test('a message that was refused can be thrown away', async () => {
  const dan = await stage.enter('dan');
  await dan.isRefused('Never mind.');
  await dan.arrive();
  await dan.startChat();
  await dan.say('Never mind.');
  const message = await dan.sees('Never mind.', { state: 'failed', own: true });
  await message.getByRole('button', { name: 'Delete' }).click();
  await message.waitFor({ state: 'detached' });
  await dan.say('Hello.');
  await dan.seesInOrder('Hello.');
});

test('whoever reads above keeps their place while very much comes in, without a socket too', async () => {
  const [eve, frank] = [await stage.enter('eve'), await stage.enter('frank')];
  await eve.arrive();
  const path = await eve.startChat();
  const numbered = (count, what) => Array.from({ length: count }, (_, nth) => `${what} ${nth} of ${count}`);
  await eve.pours(path, numbered(40, 'old'));
  await frank.hasNoSocket();
  await frank.joins(path);
  await frank.sees('old 39 of 40');
  await frank.messages.filter({ hasText: 'old 5 of 40' }).scrollIntoViewIfNeeded();
  await frank.button('To the newest message').waitFor();
  const place = await frank.placeOf('old 5 of 40');
  await eve.pours(path, numbered(700, 'new'));
  await frank.page.getByRole('button', { name: '700 new messages' }).waitFor();
  assert.ok(Math.abs((await frank.placeOf('old 5 of 40')) - place) < 2);
  await frank.page.getByRole('button', { name: '700 new messages' }).click();
  await frank.sees('new 699 of 700');
});
