// The chat list: unread counts, read positions, mute, search.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';

const fixture = Fixture.install();

// Both users are in three chats. Returns the paths by topic.
async function startThreeChats(ada, brian) {
  await ada.signUpAndStart();
  const paths = {};
  for (const topic of ['tea', 'toast', 'jam']) {
    paths[topic] = await ada.startChat();
    await ada.send(`Of ${topic}`);
    await ada.waitForMessage(`Of ${topic}`);
    if (topic === 'tea') await brian.signUpAndJoin(paths[topic]);
    else await brian.openAndJoin(paths[topic]);
    await brian.waitForMessage(`Of ${topic}`);
    await ada.goHome();
  }
  return paths;
}

test('unread counts update at once on all devices', async () => {
  const [ada, brian] = [await fixture.newPerson('ada'), await fixture.newPerson('brian')];
  const { tea, toast, jam } = await startThreeChats(ada, brian);
  await ada.open(tea);
  await ada.chatList.waitForOrder(jam, toast, tea);
  const phone = await fixture.newPerson('ada', { size: PHONE });
  await phone.open('/auth');
  await phone.signIn();
  await phone.chatList.waitForOrder(jam, toast, tea);

  await brian.open(toast);
  await brian.send('With butter?');
  await brian.send('Or without?');
  for (const device of [ada, phone]) {
    await device.chatList.waitForOrder(toast, jam, tea);
    await device.chatList.waitForUnread(toast, '2');
    await device.chatList.linkTo(toast).getByText('brian: Or without?').waitFor();
    await device.waitForUnreadInTitle(2);
  }
  assert.equal(ada.path, tea, 'no chat was opened');

  await ada.chatList.linkTo(toast).click();
  await ada.waitForMessage('Or without?');
  await ada.page.getByText('New messages', { exact: true }).first().waitFor();
  const [line, first] = await Promise.all([
    ada.page.locator('.unread-line').boundingBox(),
    ada.messages.filter({ hasText: 'With butter?' }).boundingBox(),
  ]);
  assert.ok(line.y < first.y, 'the line is above the first new message');
  for (const device of [ada, phone]) {
    await device.chatList.waitForUnread(toast, null);
    await device.waitForUnreadInTitle(0);
  }
  await brian.page.getByText('Seen by ada').waitFor();
});

test('muted chat is not counted in the title', async () => {
  const [cleo, dora] = [await fixture.newPerson('cleo'), await fixture.newPerson('dora')];
  const { tea, jam } = await startThreeChats(cleo, dora);
  await cleo.open(tea);
  await cleo.chatList.muteOpenChat();
  await cleo.chatList.linkTo(tea).getByText('Muted').waitFor();
  await cleo.chatList.linkTo(jam).click();
  await dora.open(tea);
  await dora.send('Shh');
  await cleo.chatList.waitForUnread(tea, '1');
  await cleo.waitForUnreadInTitle(0);
  await cleo.page.reload();
  await cleo.chatList.linkTo(tea).getByText('Muted').waitFor();
  await cleo.waitForUnreadInTitle(0);
});

test('phone shows list or chat, back returns to the list', async () => {
  const [ella, finn] = [await fixture.newPerson('ella', { size: PHONE }), await fixture.newPerson('finn')];
  const { tea, toast, jam } = await startThreeChats(ella, finn);
  await ella.chatList.waitForOrder(jam, toast, tea);
  await ella.chatList.linkTo(tea).click();
  await ella.waitForMessage('Of tea');
  assert.equal(await ella.chatList.links.count(), 0);
  await ella.page.goBack();
  await ella.waitForHeading('Welcome ella!');
  await ella.chatList.linkTo(jam).click();
  await ella.waitForMessage('Of jam');
  await ella.page.goBack();
  await ella.chatList.linkTo(jam).waitFor();
  await ella.page.goForward();
  await ella.waitForMessage('Of jam');
});

test('button jumps to the first unread message', async () => {
  const [gwen, hugo] = [await fixture.newPerson('gwen'), await fixture.newPerson('hugo')];
  const { tea, jam } = await startThreeChats(gwen, hugo);
  await gwen.open(jam);
  await gwen.waitForMessage('Of jam');
  const texts = Array.from({ length: 130 }, (_, index) => `Leaf ${index + 1}.`);
  await hugo.postMany(tea, texts);
  await gwen.chatList.waitForUnread(tea, '99+');
  await gwen.chatList.linkTo(tea).click();
  await gwen.waitForMessage('Leaf 130.');
  await gwen.button('New messages').click();
  await gwen.page.locator('.unread-line').waitFor();
  await gwen.waitForMessage('Leaf 1.');
  const position = await gwen.distanceFromTop('Leaf 1.');
  assert.ok(position > 0 && position < 500, `${position} pixels below the top`);
  await gwen.button('New messages').waitFor({ state: 'hidden' });
});

test('chat is found by name with the keyboard', async () => {
  const [ivy, jack, kim] = [await fixture.newPerson('ivy'), await fixture.newPerson('jack'), await fixture.newPerson('kim')];
  const { tea } = await startThreeChats(ivy, jack);
  await kim.signUpAndJoin(tea);
  await kim.waitForMessage('Of tea');
  await ivy.chatList.linkTo(tea).getByText('jack and kim').waitFor();
  await ivy.page.keyboard.press('Control+k');
  await ivy.page.keyboard.type('KIM');
  await ivy.chatList.waitForOrder(tea);
  await ivy.page.keyboard.press('Enter');
  await ivy.waitForPath(tea);
  await ivy.composer.waitFor();
  await ivy.page.keyboard.press('Control+k');
  await ivy.page.keyboard.press('ArrowDown');
  await ivy.page.keyboard.press('ArrowDown');
  await ivy.page.keyboard.press('Enter');
  await ivy.page.waitForURL((url) => url.pathname !== tea);
  await ivy.composer.waitFor();

  await ivy.page.setViewportSize({ width: 600, height: 800 });
  await ivy.chatList.links.first().waitFor({ state: 'detached' });
  await ivy.page.keyboard.press('Control+k');
  await ivy.waitForPath('/chats');
  await ivy.page.locator('input[type=search]:focus').waitFor();
});
