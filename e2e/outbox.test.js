// The outbox: no message is lost, sent twice or out of order when the server, the page or the browser goes away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';

const fixture = Fixture.install();

async function startChatTogether(ada, brian) {
  await ada.signUpAndStart();
  const path = await ada.startChat();
  await brian.signUpAndJoin(path);
  await ada.send('Before.');
  await brian.waitForMessage('Before.');
  return path;
}

async function countMessages() {
  return (await fixture.server.rows('messages')).messages;
}

test('messages written while offline arrive once, in order', async () => {
  const [ada, brian] = [await fixture.newPerson('ada', { profile: 'ada' }), await fixture.newPerson('brian', { size: PHONE })];
  const path = await startChatTogether(ada, brian);
  ada.expectServerAbsence(path);
  brian.expectServerAbsence(path);

  await brian.composer.fill('Half a');
  await fixture.server.crash();
  const crashedAt = Date.now();
  await brian.composer.pressSequentially(' thought.');
  await brian.button('Send').click();
  await brian.send('And the other half.');
  for (const text of ['One.', 'Two.', 'Three.']) await ada.send(text);
  await ada.waitForUnsent('One.', 'Two.', 'Three.');
  await brian.waitForUnsent('Half a thought.', 'And the other half.');
  assert.equal(await brian.notice.innerText(), '', 'a short outage shows no notice');
  await brian.notice.filter({ hasText: 'You’re offline' }).waitFor();
  const waited = Date.now() - crashedAt;
  assert.ok(waited > 4_500 && waited < 10_000, `${waited} ms until the notice`);
  assert.ok(await brian.composer.isEditable(), 'the composer stays usable');
  await ada.close();

  await fixture.server.start();
  const sent = ['Before.', 'Half a thought.', 'And the other half.'];
  await brian.waitForMessages(...sent);
  await brian.notice.filter({ hasNotText: /./ }).waitFor({ state: 'attached' });

  // The outbox is sent from any page of the client.
  const again = await fixture.newPerson('ada', { profile: 'ada' });
  await again.open('/chats');
  await again.waitForHeading('Welcome ada!');
  await brian.waitForMessages(...sent, 'One.', 'Two.', 'Three.');
  await again.open(path);
  await again.waitForMessages(...sent, 'One.', 'Two.', 'Three.');
  assert.equal(await countMessages(), 6);
});

test('reload neither loses nor duplicates unsent messages', async () => {
  const [cora, dan] = [await fixture.newPerson('cora'), await fixture.newPerson('dan')];
  const cut = await cora.cutOff();
  await cora.signUpAndStart();
  const path = await cora.startChat();
  for (const text of ['One.', 'Two.']) await cora.send(text);
  await cora.waitForUnsent('One.', 'Two.');
  await cora.page.reload();
  await cora.waitForUnsent('One.', 'Two.');
  cut.on = false;
  await cora.page.reload();
  await cora.waitForMessages('One.', 'Two.');

  const answersCut = await cora.cutOff({ answers: true });
  answersCut.on = false;
  await cora.page.reload();
  await cora.waitForMessages('One.', 'Two.');
  answersCut.on = true;
  await cora.send('Three.');
  await answersCut.dropped;
  await cora.waitForUnsent('Three.');
  answersCut.on = false;
  await cora.page.reload();
  await cora.waitForMessages('One.', 'Two.', 'Three.');
  await dan.signUpAndJoin(path);
  await dan.waitForMessages('One.', 'Two.', 'Three.');
});

test('unsent messages of another user are not shown or sent', async () => {
  const eve = await fixture.newPerson('eve');
  const cut = await eve.cutOff();
  await eve.signUpAndStart();
  const path = await eve.startChat();
  await eve.send('For later.');
  await eve.waitForUnsent('For later.');
  await eve.open('/chats');
  await eve.signOut();

  const frank = await fixture.newTab(eve, 'frank');
  cut.on = false;
  await frank.signUpAndJoin(path);
  await frank.send('Hello?');
  await frank.waitForMessages('Hello?');
  await frank.open('/chats');
  await frank.signOut();
  const gale = await fixture.newPerson('gale');
  await gale.signUpAndJoin(path);
  await gale.waitForMessages('Hello?');

  await eve.followSignInLink();
  await eve.signIn();
  await gale.waitForMessages('Hello?', 'For later.');
});

test('two tabs of one user send each message once', async () => {
  const [gwen, hugo] = [await fixture.newPerson('gwen'), await fixture.newPerson('hugo')];
  const path = await startChatTogether(gwen, hugo);
  const other = await fixture.newTab(gwen, 'gwen');
  await other.open(path);
  await other.waitForMessage('Before.');
  for (const person of [gwen, other, hugo]) person.expectServerAbsence(path);
  await fixture.server.stop();
  await gwen.send('One.');
  await other.send('Two.');
  await gwen.waitForUnsent('One.');
  await other.waitForUnsent('Two.');
  await fixture.server.start();
  for (const person of [gwen, other, hugo]) {
    await person.waitForMessage('One.');
    await person.waitForMessage('Two.');
    assert.equal(await person.messages.count(), 3);
  }
});
