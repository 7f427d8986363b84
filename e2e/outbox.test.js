// Nothing that was written is lost, sent twice or out of order, whatever happens to the server, the page or the browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Stage } from './stage.js';

const stage = Stage.forThisFile();

async function chatOf(ada, brian) {
  await ada.arrive();
  const path = await ada.startChat();
  await brian.joins(path);
  await ada.say('Before.');
  await brian.sees('Before.');
  return path;
}

async function messages() {
  return (await stage.server.rows('messages')).messages;
}

test('what both write while the server is gone arrives once and in order, though one closes the browser', async () => {
  const [ada, brian] = [await stage.enter('ada', { profile: 'ada' }), await stage.enter('brian', { size: PHONE })];
  const path = await chatOf(ada, brian);
  ada.expectsAbsenceOf(path);
  brian.expectsAbsenceOf(path);

  await brian.composer.fill('Half a');
  await stage.server.crash();
  const gone = Date.now();
  await brian.composer.pressSequentially(' thought.');
  await brian.button('Send').click();
  await brian.say('And the other half.');
  for (const text of ['One.', 'Two.', 'Three.']) await ada.say(text);
  await ada.seesUnsent('One.', 'Two.', 'Three.');
  await brian.seesUnsent('Half a thought.', 'And the other half.');
  assert.equal(await brian.notice.innerText(), '', 'a blip is nobody’s business');
  await brian.notice.filter({ hasText: 'sent when the connection is back' }).waitFor();
  const waited = Date.now() - gone;
  assert.ok(waited > 4_500 && waited < 10_000, `${waited} ms until the notice`);
  assert.ok(await brian.composer.isEditable(), 'one can go on writing');
  await ada.leave();

  await stage.server.start();
  const soFar = ['Before.', 'Half a thought.', 'And the other half.'];
  await brian.seesInOrder(...soFar);
  await brian.notice.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });

  // It is enough to come back: the chat need not be opened.
  const again = await stage.enter('ada', { profile: 'ada' });
  await again.open('/chats');
  await again.heads('Welcome ada!');
  await brian.seesInOrder(...soFar, 'One.', 'Two.', 'Three.');
  await again.open(path);
  await again.seesInOrder(...soFar, 'One.', 'Two.', 'Three.');
  assert.equal(await messages(), 6);
});

test('a reload before the server has it loses nothing, and one before its answer says nothing twice', async () => {
  const [cora, dan] = [await stage.enter('cora'), await stage.enter('dan')];
  const cut = await cora.isCutOff();
  await cora.arrive();
  const path = await cora.startChat();
  for (const text of ['One.', 'Two.']) await cora.say(text);
  await cora.seesUnsent('One.', 'Two.');
  await cora.page.reload();
  await cora.seesUnsent('One.', 'Two.');
  cut.on = false;
  await cora.page.reload();
  await cora.seesInOrder('One.', 'Two.');

  const deaf = await cora.isCutOff({ answers: true });
  deaf.on = false;
  await cora.page.reload();
  await cora.seesInOrder('One.', 'Two.');
  deaf.on = true;
  await cora.say('Three.');
  await deaf.felt;
  await cora.seesUnsent('Three.');
  deaf.on = false;
  await cora.page.reload();
  await cora.seesInOrder('One.', 'Two.', 'Three.');
  await dan.joins(path);
  await dan.seesInOrder('One.', 'Two.', 'Three.');
});

test('nobody else on the same browser sees or sends it', async () => {
  const eve = await stage.enter('eve');
  const cut = await eve.isCutOff();
  await eve.arrive();
  const path = await eve.startChat();
  await eve.say('For later.');
  await eve.seesUnsent('For later.');
  await eve.open('/chats');
  await eve.signOut();

  const frank = await stage.enterBeside(eve, 'frank');
  cut.on = false;
  await frank.joins(path);
  await frank.say('Hello?');
  await frank.seesInOrder('Hello?');
  await frank.open('/chats');
  await frank.signOut();
  const gale = await stage.enter('gale');
  await gale.joins(path);
  await gale.seesInOrder('Hello?');

  await eve.saysToHaveAnAccount();
  await eve.signIn();
  await gale.seesInOrder('Hello?', 'For later.');
});

test('two tabs of one person show and send it once', async () => {
  const [gwen, hugo] = [await stage.enter('gwen'), await stage.enter('hugo')];
  const path = await chatOf(gwen, hugo);
  const other = await stage.enterBeside(gwen, 'gwen');
  await other.open(path);
  await other.sees('Before.');
  for (const person of [gwen, other, hugo]) person.expectsAbsenceOf(path);
  await stage.server.stop();
  await gwen.say('One.');
  await other.say('Two.');
  await gwen.seesUnsent('One.');
  await other.seesUnsent('Two.');
  await stage.server.start();
  for (const person of [gwen, other, hugo]) {
    await person.sees('One.');
    await person.sees('Two.');
    assert.equal(await person.messages.count(), 3);
  }
});
