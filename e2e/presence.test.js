// Presence and typing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';

const fixture = Fixture.install();

test('presence and typing are shown without layout shift', async () => {
  const [ada, brian] = [await fixture.newPerson('ada', { size: PHONE }), await fixture.newPerson('brian')];
  await ada.signUpAndStart();
  const path = await ada.startChat();
  await ada.page.getByText('Only you so far').waitFor();
  await brian.signUpAndJoin(path);
  await ada.page.getByText('2 people · brian is here').waitFor();
  await brian.page.getByText('2 people · ada is here').waitFor();

  const box = await ada.composer.boundingBox();
  await brian.composer.pressSequentially('   ');
  await brian.composer.pressSequentially('Tea?');
  await ada.typingIndicator('brian is typing…').waitFor();
  assert.deepEqual(await ada.composer.boundingBox(), box);
  assert.equal(await brian.page.getByText('typing…').count(), 0, 'own typing is not shown');
  await brian.button('Send').click();
  await ada.waitForMessage('Tea?');
  assert.equal(await ada.page.getByText('typing…').count(), 0, 'the message ends the typing');

  await brian.composer.pressSequentially('Or');
  await ada.typingIndicator('brian is typing…').waitFor();
  await ada.typingIndicator('brian is typing…').waitFor({ state: 'detached' });

  await brian.close();
  await ada.page.getByText('2 people', { exact: true }).waitFor();
  assert.equal(await ada.page.getByText('brian is here').count(), 0);
});
