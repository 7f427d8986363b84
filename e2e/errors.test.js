// Errors: they are explained, and no text is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixture } from './fixture.js';

const fixture = Fixture.install();

test('taken username and wrong password are explained', async () => {
  const first = await fixture.newPerson('ada');
  await first.signUpAndStart();
  const second = await fixture.newPerson('ada');
  second.expectStatus('400 (Bad Request)', '/auth/users/create/', '/auth/jwt/create/');
  await second.open('/auth');
  await second.signUp();
  await second.waitForAlert(/username is taken/);
  await second.signIn('not the password');
  await second.waitForAlert(/Wrong username or password/);
  await second.signIn();
  await second.waitForHeading('Welcome ada!');
});

test('too long message stays in the composer with an error', async () => {
  const brian = await fixture.newPerson('brian');
  await brian.signUpAndStart();
  await brian.startChat();
  const text = 'a'.repeat(4001);
  await brian.composer.fill(text);
  await brian.composer.press('Enter');
  await brian.page.getByText(/4,000|too long/i).first().waitFor();
  assert.equal(await brian.composer.inputValue(), text);
  assert.equal(await brian.messages.count(), 0);
  await brian.send(text.slice(1));
  await brian.waitForMessage(text.slice(1));
});

test('rejected message is sent by Retry', async () => {
  const cora = await fixture.newPerson('cora');
  const stopRejecting = await cora.rejectMessage('Late.');
  await cora.signUpAndStart();
  await cora.startChat();
  await cora.send('Early.');
  await cora.waitForMessage('Early.');
  await cora.send('Late.');
  const message = await cora.waitForMessage('Late.', { state: 'failed', own: true });
  stopRejecting();
  await message.getByRole('button', { name: 'Retry' }).click();
  await cora.waitForMessage('Late.', { own: true });
  await cora.page.reload();
  await cora.waitForMessages('Early.', 'Late.');
});

test('rejected message can be deleted', async () => {
  const dan = await fixture.newPerson('dan');
  await dan.rejectMessage('Never mind.');
  await dan.signUpAndStart();
  await dan.startChat();
  await dan.send('Never mind.');
  const message = await dan.waitForMessage('Never mind.', { state: 'failed', own: true });
  await message.getByRole('button', { name: 'Delete' }).click();
  await message.waitFor({ state: 'detached' });
  await dan.send('Hello.');
  await dan.waitForMessages('Hello.');
});

test('reading position stays while many messages arrive', async () => {
  const [eve, frank] = [await fixture.newPerson('eve'), await fixture.newPerson('frank')];
  await eve.signUpAndStart();
  const path = await eve.startChat();
  const numbered = (count, prefix) => Array.from({ length: count }, (_, index) => `${prefix} ${index} of ${count}`);
  await eve.postMany(path, numbered(40, 'old'));
  await frank.blockSocket();
  await frank.signUpAndJoin(path);
  await frank.waitForMessage('old 39 of 40');
  await frank.messages.filter({ hasText: 'old 5 of 40' }).scrollIntoViewIfNeeded();
  await frank.button('Jump to latest').waitFor();
  const position = await frank.distanceFromTop('old 5 of 40');
  await eve.postMany(path, numbered(700, 'new'));
  await frank.page.getByRole('button', { name: '700 new messages' }).waitFor();
  assert.ok(Math.abs((await frank.distanceFromTop('old 5 of 40')) - position) < 2);
  await frank.page.getByRole('button', { name: '700 new messages' }).click();
  await frank.waitForMessage('new 699 of 700');
});
