// One's chats: what is new in them, wherever one is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Stage } from './stage.js';

const stage = Stage.forThisFile();

// Ada and Brian have three chats. Returns their paths, named by what they are about.
async function threeChats(ada, brian) {
  await ada.arrive();
  const paths = {};
  for (const topic of ['tea', 'toast', 'jam']) {
    paths[topic] = await ada.startChat();
    await ada.say(`Of ${topic}`);
    await ada.sees(`Of ${topic}`);
    if (topic === 'tea') await brian.joins(paths[topic]);
    else await brian.comesIn(paths[topic]);
    await brian.sees(`Of ${topic}`);
    await ada.goHome();
  }
  return paths;
}

test('a message in another chat is seen at once, and read on one device is read on all', async () => {
  const [ada, brian] = [await stage.enter('ada'), await stage.enter('brian')];
  const { tea, toast, jam } = await threeChats(ada, brian);
  await ada.open(tea);
  await ada.chats.are(jam, toast, tea);
  const phone = await stage.enter('ada', { size: PHONE });
  await phone.open('/auth');
  await phone.signIn();
  await phone.chats.are(jam, toast, tea);

  await brian.open(toast);
  await brian.say('With butter?');
  await brian.say('Or without?');
  for (const device of [ada, phone]) {
    await device.chats.are(toast, jam, tea);
    await device.chats.hasUnread(toast, '2');
    await device.chats.at(toast).getByText('brian: Or without?').waitFor();
    await device.isTitled('(2) Chatire');
  }
  assert.equal(ada.path, tea, 'nothing was opened for that');

  await ada.chats.at(toast).click();
  await ada.sees('Or without?');
  await ada.page.getByText('New messages', { exact: true }).first().waitFor();
  const [line, first] = await Promise.all([
    ada.page.locator('.unread-line').boundingBox(),
    ada.messages.filter({ hasText: 'With butter?' }).boundingBox(),
  ]);
  assert.ok(line.y < first.y, 'the line stands before what is new');
  for (const device of [ada, phone]) {
    await device.chats.hasUnread(toast, null);
    await device.isTitled('Chatire');
  }
  await brian.page.getByText('Seen by ada').waitFor();
});

test('a muted chat counts for itself alone', async () => {
  const [cleo, dora] = [await stage.enter('cleo'), await stage.enter('dora')];
  const { tea, jam } = await threeChats(cleo, dora);
  await cleo.open(tea);
  await cleo.chats.mute();
  await cleo.chats.at(tea).getByText('Muted').waitFor();
  await cleo.chats.at(jam).click();
  await dora.open(tea);
  await dora.say('Shh');
  await cleo.chats.hasUnread(tea, '1');
  await cleo.isTitled('Chatire');
  await cleo.page.reload();
  await cleo.chats.at(tea).getByText('Muted').waitFor();
  await cleo.isTitled('Chatire');
});

test('on a phone one thing is seen at a time, and back leads back', async () => {
  const [ella, finn] = [await stage.enter('ella', { size: PHONE }), await stage.enter('finn')];
  const { tea, toast, jam } = await threeChats(ella, finn);
  await ella.chats.are(jam, toast, tea);
  await ella.chats.at(tea).click();
  await ella.sees('Of tea');
  assert.equal(await ella.chats.links.count(), 0);
  await ella.page.goBack();
  await ella.heads('Welcome ella!');
  await ella.chats.at(jam).click();
  await ella.sees('Of jam');
  await ella.page.goBack();
  await ella.chats.at(jam).waitFor();
  await ella.page.goForward();
  await ella.sees('Of jam');
});

test('whoever left off far above is led there', async () => {
  const [gwen, hugo] = [await stage.enter('gwen'), await stage.enter('hugo')];
  const { tea, jam } = await threeChats(gwen, hugo);
  await gwen.open(jam);
  await gwen.sees('Of jam');
  const long = Array.from({ length: 130 }, (_, nth) => `Leaf ${nth + 1}.`);
  await hugo.pours(tea, long);
  await gwen.chats.hasUnread(tea, '99+');
  await gwen.chats.at(tea).click();
  await gwen.sees('Leaf 130.');
  await gwen.button('New messages').click();
  await gwen.page.locator('.unread-line').waitFor();
  await gwen.sees('Leaf 1.');
  const place = await gwen.placeOf('Leaf 1.');
  assert.ok(place > 0 && place < 500, `${place} below the edge`);
  await gwen.button('New messages').waitFor({ state: 'hidden' });
});

test('one finds a chat by its name, by keyboard alone', async () => {
  const [ivy, jack, kim] = [await stage.enter('ivy'), await stage.enter('jack'), await stage.enter('kim')];
  const { tea } = await threeChats(ivy, jack);
  await kim.joins(tea);
  await kim.sees('Of tea');
  await ivy.chats.at(tea).getByText('jack and kim').waitFor();
  await ivy.page.keyboard.press('Control+k');
  await ivy.page.keyboard.type('KIM');
  await ivy.chats.are(tea);
  await ivy.page.keyboard.press('Enter');
  await ivy.isAt(tea);
  await ivy.composer.waitFor();
  await ivy.page.keyboard.press('Control+k');
  await ivy.page.keyboard.press('ArrowDown');
  await ivy.page.keyboard.press('ArrowDown');
  await ivy.page.keyboard.press('Enter');
  await ivy.page.waitForURL((url) => url.pathname !== tea);
  await ivy.composer.waitFor();

  await ivy.page.setViewportSize({ width: 600, height: 800 });
  await ivy.chats.links.first().waitFor({ state: 'detached' });
  await ivy.page.keyboard.press('Control+k');
  await ivy.isAt('/chats');
  await ivy.page.locator('.chat-row:focus').waitFor();
});
