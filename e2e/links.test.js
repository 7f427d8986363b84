// Links: old, wrong, and returning after sign-in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixture } from './fixture.js';

let path;

const fixture = Fixture.install(async (fixture) => {
  const ada = await fixture.newPerson('ada');
  await ada.signUpAndStart();
  path = await ada.startChat();
  await ada.send('Welcome.');
  await ada.waitForMessage('Welcome.');
});

test('old hash link opens the chat', async () => {
  const ada = await fixture.newPerson('ada');
  await ada.open(`/#${path}`);
  await ada.waitForPath(path);
  await ada.followSignInLink();
  await ada.signIn();
  await ada.waitForPath(path);
  await ada.waitForMessage('Welcome.', { own: true });
  await ada.open(`/#${path}`);
  await ada.waitForPath(path);
  await ada.waitForMessage('Welcome.', { own: true });
});

test('sign-in returns to the opened link', async () => {
  const ada = await fixture.newPerson('ada');
  await ada.open(path);
  await ada.followSignInLink();
  await ada.signIn();
  await ada.waitForPath(path);
  await ada.waitForMessage('Welcome.');
  await ada.open('/chats');
  await ada.signOut();
  await ada.open(path);
  await ada.button('Join the chat').waitFor();
  assert.equal(await ada.page.getByText('Welcome.').count(), 0);
});

test('wrong link shows an error page', async () => {
  const wrongUri = 'NoSuchChatNoSuchChat22';
  const brian = await fixture.newPerson('brian');
  await brian.signUpAndStart();
  brian.expectStatus('404 (Not Found)', `/api/chats/${wrongUri}/`);
  await brian.open(`/chats/${wrongUri}`);
  await brian.waitForHeading('Chat not found');
  await brian.page.getByRole('link', { name: 'Start a new chat' }).click();
  await brian.waitForHeading('Welcome brian!');
});

test('unknown path shows a not-found page', async () => {
  const cora = await fixture.newPerson('cora');
  await cora.signUpAndStart();
  cora.expectStatus('404 (Not Found)', '/nowhere');
  const response = await cora.open('/nowhere');
  assert.equal(response.status(), 404);
  await cora.waitForHeading('Page not found');
});

test('back and forward move between screens', async () => {
  const dan = await fixture.newPerson('dan');
  await dan.signUpAndStart();
  const started = await dan.startChat();
  await dan.page.goBack();
  await dan.waitForHeading('Welcome dan!');
  await dan.page.goForward();
  await dan.waitForPath(started);
  await dan.composer.waitFor();
});
