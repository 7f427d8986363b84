// Who is here, and who is writing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Stage } from './stage.js';

const stage = Stage.forThisFile();

test('one sees who is here and who is writing, and nothing jumps', async () => {
  const [ada, brian] = [await stage.enter('ada', { size: PHONE }), await stage.enter('brian')];
  await ada.arrive();
  const path = await ada.startChat();
  await ada.page.getByText('1 here').waitFor();
  await brian.joins(path);
  await ada.page.getByText('2 here').waitFor();
  await brian.page.getByText('2 here').waitFor();

  const place = await ada.composer.boundingBox();
  await brian.composer.pressSequentially('   ');
  await brian.composer.pressSequentially('Tea?');
  await ada.writing('brian is writing…').waitFor();
  assert.deepEqual(await ada.composer.boundingBox(), place);
  assert.equal(await brian.page.getByText('writing…').count(), 0, 'of oneself one knows');
  await brian.button('Send').click();
  await ada.sees('Tea?');
  assert.equal(await ada.page.getByText('writing…').count(), 0, 'what was being written is there');

  await brian.composer.pressSequentially('Or');
  await ada.writing('brian is writing…').waitFor();
  await ada.writing('brian is writing…').waitFor({ state: 'detached' });

  await brian.leave();
  await ada.page.getByText('1 here').waitFor();
});
