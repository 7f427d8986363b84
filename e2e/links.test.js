// Links: old ones, wrong ones, and the way back to the one that was opened.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Stage } from './stage.js';

let path;

const stage = Stage.forThisFile(async (stage) => {
  const ada = await stage.enter('ada');
  await ada.arrive();
  path = await ada.startChat();
  await ada.say('Welcome.');
  await ada.sees('Welcome.');
});

test('an old link with a hash leads to the chat', async () => {
  const ada = await stage.enter('ada');
  await ada.open(`/#${path}`);
  await ada.isAt(path);
  await ada.saysToHaveAnAccount();
  await ada.signIn();
  await ada.isAt(path);
  await ada.sees('Welcome.', { own: true });
  await ada.open(`/#${path}`);
  await ada.isAt(path);
  await ada.sees('Welcome.', { own: true });
});

test('signing in returns to the link that was opened', async () => {
  const ada = await stage.enter('ada');
  await ada.open(path);
  await ada.saysToHaveAnAccount();
  await ada.signIn();
  await ada.isAt(path);
  await ada.sees('Welcome.');
  await ada.open('/chats');
  await ada.signOut();
  await ada.open(path);
  await ada.button('Join the chat').waitFor();
  assert.equal(await ada.page.getByText('Welcome.').count(), 0);
});

test('a wrong link gets a page of its own with one way on', async () => {
  const wrong = 'NoSuchChatNoSuchChat22';
  const brian = await stage.enter('brian');
  await brian.arrive();
  brian.expectsStatus('404 (Not Found)', `/api/chats/${wrong}/`);
  await brian.open(`/chats/${wrong}`);
  await brian.heads('This chat does not exist');
  await brian.page.getByRole('link', { name: 'Start a new chat' }).click();
  await brian.heads('Welcome brian!');
});

test('an address that is none says so', async () => {
  const cora = await stage.enter('cora');
  await cora.arrive();
  cora.expectsStatus('404 (Not Found)', '/nowhere');
  const answer = await cora.open('/nowhere');
  assert.equal(answer.status(), 404);
  await cora.heads('There is no page here');
});

test('the back button walks through the screens', async () => {
  const dan = await stage.enter('dan');
  await dan.arrive();
  const started = await dan.startChat();
  await dan.page.goBack();
  await dan.heads('Welcome dan!');
  await dan.page.goForward();
  await dan.isAt(started);
  await dan.composer.waitFor();
});
