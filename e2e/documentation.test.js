// What may be asked of the server, read in a browser that may load nothing from elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Stage, artifact } from './stage.js';

const stage = Stage.forThisFile();

test('the documentation is read under our policy, without asking anybody else', async () => {
  const ada = await stage.enter('Ada');
  await ada.open('/api/docs');
  await ada.page.getByRole('heading', { name: /^Chatire/ }).waitFor();
  const post = ada.page.locator('.opblock', { hasText: '/api/chats/{uri}/messages/' }).filter({ hasText: 'POST' });
  await post.getByRole('button').first().click();
  await post.getByText('For those in the chat who may say something.').waitFor();
  assert.match(await post.innerText(), /client_id_reused/, 'how it may be refused');
  await ada.page.screenshot({ path: artifact('documentation') });
  const asked = new Set(ada.requests.map((request) => new URL(request.url()).origin));
  assert.deepEqual([...asked], [stage.server.url]);
});
