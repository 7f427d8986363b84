// The API documentation under the Content Security Policy.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

test('API documentation loads only from the server', async () => {
  const ada = await fixture.newPerson('Ada');
  await ada.open('/api/docs');
  await ada.page.getByRole('heading', { name: /^Chatire/ }).waitFor();
  const post = ada.page.locator('.opblock', { hasText: '/api/chats/{uri}/messages/' }).filter({ hasText: 'POST' });
  await post.getByRole('button').first().click();
  await post.getByText('Allowed: members of the chat who may write.').waitFor();
  assert.match(await post.innerText(), /client_id_conflict/, 'lists the problem codes');
  await ada.page.screenshot({ path: screenshotPath('api-docs') });
  const origins = new Set(ada.requests.map((request) => new URL(request.url()).origin));
  assert.deepEqual([...origins], [fixture.server.url]);
});
