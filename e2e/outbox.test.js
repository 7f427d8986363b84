// The outbox: no message is lost, sent twice or out of order when the server, the page or the browser goes away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';
import { countPosts } from './network_faults.js';

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

// A new chat in two tabs of one user.
async function openTwoTabs(person) {
  await person.signUpAndStart();
  const path = await person.startChat();
  const tab = await fixture.newTab(person, person.name);
  await tab.open(path);
  await tab.composer.waitFor();
  for (const page of [person, tab]) page.expectServerAbsence(path, 'INTERNET_DISCONNECTED');
  return tab;
}

// Writes messages in two tabs in turn, without a network, and waits until they are sent.
async function sendAfterOutage(person, tab, texts) {
  // A socket that is just being opened.
  const socketUrl = `${fixture.server.url.replace('http', 'ws')}/api/socket/`;
  const error = 'Error in connection establishment: net::ERR_INTERNET_DISCONNECTED';
  for (const page of [person, tab]) page.expectErrors(`WebSocket connection to '${socketUrl}' failed: ${error} @ `);
  await person.context.setOffline(true);
  for (const [index, text] of texts.entries()) {
    const page = [person, tab][index % 2];
    await page.send(text);
    await page.waitForUnsent(text);
  }
  await person.context.setOffline(false);
  for (const page of [person, tab]) for (const text of texts) await page.waitForMessage(text);
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

test('message waiting in two tabs is sent once', async () => {
  const iris = await fixture.newPerson('iris');
  const counts = await countPosts(iris.context);
  const tab = await openTwoTabs(iris);
  await sendAfterOutage(iris, tab, ['One.', 'Two.', 'Three.', 'Four.']);
  assert.deepEqual(counts, { 'One.': 1, 'Two.': 1, 'Three.': 1, 'Four.': 1 });
});

test('without browser locks messages are stored once', async () => {
  const before = await countMessages();
  const jack = await fixture.newPerson('jack');
  await jack.context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }));
  const tab = await openTwoTabs(jack);
  await sendAfterOutage(jack, tab, ['One.', 'Two.']);
  assert.equal((await countMessages()) - before, 2);
});

test('tab that is closed while sending holds nothing up', async () => {
  const kim = await fixture.newPerson('kim');
  const tab = await openTwoTabs(kim);
  const cut = await tab.cutOff({ scope: tab.page });
  await tab.page.reload();
  await tab.send('One.');
  await cut.dropped;
  await kim.send('Two.');
  const closedAt = Date.now();
  await tab.page.close();
  await kim.waitForMessages('One.', 'Two.');
  assert.ok(Date.now() - closedAt < 5_000, `${Date.now() - closedAt} ms`);
});

test('failed message is deleted and retried in all tabs', async () => {
  const lena = await fixture.newPerson('lena');
  const accept = await lena.rejectMessage('No.');
  const tab = await openTwoTabs(lena);
  const failed = { state: 'failed', own: true };
  await lena.send('No.');
  await tab.waitForMessage('No.', failed);
  await lena.button('Delete').click();
  await tab.messages.waitFor({ state: 'detached' });
  await tab.send('No.');
  await lena.waitForMessage('No.', failed);
  accept();
  await tab.button('Retry').click();
  for (const page of [lena, tab]) await page.waitForMessages('No.');
});
