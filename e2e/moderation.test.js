// Keeping a chat pleasant: what the owner does, the other sees at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Drawer } from './drawer.js';
import { PHONE, Stage } from './stage.js';

const stage = Stage.forThisFile();

// Two in a chat: who has it, and who came by its address.
async function two(first, second) {
  const [owner, other] = [await stage.enter(first), await stage.enter(second, { size: PHONE })];
  await owner.arrive();
  const path = await owner.startChat();
  await owner.say('Welcome.');
  await other.arrive();
  await other.comesIn(path);
  await other.sees('Welcome.');
  return { owner, other, path, drawer: new Drawer(owner) };
}

test('the owner names the chat, and both see what it is called and who did it', async () => {
  const { owner, other, drawer } = await two('ada', 'brian');
  await drawer.open('Settings');
  await drawer.field('Name').fill('Tea');
  await drawer.field('Topic').fill('At four, with scones.');
  await drawer.button('Save').click();
  await drawer.pane.getByText('Saved', { exact: true }).waitFor();
  for (const person of [owner, other]) await person.heads('Tea');
  await other.isToldQuietly('ada named the chat “Tea”');
  await owner.isToldQuietly('You named the chat “Tea”');
  await other.page.getByText('At four, with scones.').first().waitFor();
});

test('the drawer is a place: back closes it, a reload keeps it, the keyboard walks it', async () => {
  const { owner, other, drawer } = await two('cora', 'dan');
  await drawer.open('Settings');
  await owner.page.reload();
  await drawer.pane.getByRole('tab', { name: 'Settings', selected: true }).waitFor();
  await owner.page.keyboard.press('Tab');
  await drawer.pane.getByRole('tab', { name: 'Settings' }).focus();
  await owner.page.keyboard.press('ArrowLeft');
  await drawer.pane.getByRole('tabpanel', { name: 'Links' }).waitFor();
  await owner.page.keyboard.press('Escape');
  await drawer.pane.waitFor({ state: 'detached' });

  const his = new Drawer(other);
  await his.open('People');
  assert.equal(await other.composer.isVisible(), false, 'on a phone it stands instead of the chat');
  assert.deepEqual(await his.pane.getByRole('tab').allInnerTexts(), ['People', 'Settings']);
  await other.page.goBack();
  await his.pane.waitFor({ state: 'detached' });
  await other.composer.waitFor();
});

test('whoever is removed is out at once, and whoever is banned cannot come back until that is lifted', async () => {
  const { owner, other, path, drawer } = await two('eve', 'frank');
  await drawer.does('Remove', 'frank');
  await other.heads('You were removed from this chat');
  await owner.isToldQuietly('You removed frank');
  await other.comesIn(path);
  await other.sees('Welcome.');

  await drawer.does('Ban', 'frank', { really: true });
  await other.heads('You were banned from this chat');
  other.expectsStatus('403 (Forbidden)', `/api${path}/`);
  await other.open(path);
  await other.heads('You were banned from this chat');
  await drawer.open('People');
  await drawer.rowOf('frank').getByRole('button', { name: 'Unban' }).click();
  await owner.isToldQuietly('You lifted the ban on frank');
  await other.comesIn(path);
  await other.sees('Welcome.');
});

test('in a slow chat the next message waits and goes out by itself', async () => {
  const { owner, other, drawer } = await two('gwen', 'hugo');
  await drawer.chooses('Slow mode', 'Every 5 seconds');
  await other.isToldQuietly('gwen slowed the chat: one message every 5 seconds');
  await other.page.getByText('Slow mode: one message every 5 seconds.').waitFor();
  await other.say('One.');
  await owner.sees('One.');
  await other.say('Two.');
  await other.page.getByText(/goes out by itself in \d seconds?/).waitFor();
  await other.sees('Two.', { state: 'sending', own: true });
  await owner.sees('Two.');
  await other.sees('Two.', { own: true });
});

test('a closed chat is read and not written in, and says why', async () => {
  const { owner, other, drawer } = await two('ida', 'jack');
  await other.composer.fill('Half a thought');
  await drawer.turns('Closed');
  await other.page.getByText('This chat is closed. You can read it, but nobody can write.').waitFor();
  assert.equal(await other.composer.count(), 0);
  await drawer.turns('Closed');
  await other.composer.waitFor();
  assert.equal(await other.composer.inputValue(), 'Half a thought');
  await owner.composer.waitFor();
});

test('a message that is deleted leaves a tombstone, whoever deletes it', async () => {
  const { owner, other } = await two('kim', 'leo');
  await other.say('Buy now!');
  await owner.sees('Buy now!');
  const spam = owner.messages.filter({ hasText: 'Buy now!' });
  // By keyboard alone.
  await owner.page.getByRole('log', { name: 'Messages' }).focus();
  await owner.page.keyboard.press('ArrowUp');
  await owner.page.keyboard.press('Tab');
  await owner.page.keyboard.press('Enter');
  await spam.getByRole('button', { name: 'Delete' }).waitFor();
  await owner.page.keyboard.press('Enter');
  for (const person of [owner, other]) {
    await person.sees('Message deleted', { state: 'deleted' });
    assert.equal(await person.messages.filter({ hasText: 'Buy now!' }).count(), 0);
  }
  // By touch.
  await other.say('Oops');
  const own = await other.sees('Oops', { own: true });
  await own.getByText('Oops').tap();
  await own.getByRole('button', { name: 'What to do with this message' }).tap();
  await own.getByRole('button', { name: 'Delete' }).tap();
  await owner.page.getByText('2 messages deleted').waitFor();
});

test('a link is made and shown once, somebody comes by it, and it is revoked', async () => {
  const { owner, drawer } = await two('mia', 'ned');
  const third = await stage.enter('olga');
  await third.arrive();
  await drawer.open('Links');
  await drawer.button('Make a link').click();
  await drawer.field('Label').fill('For the readers');
  await drawer.field('Lets people').selectOption({ label: 'Read' });
  await drawer.button('Make a link').click();
  const address = await drawer.field('Your new link').inputValue();
  await drawer.button('Done').click();

  await third.comesIn(new URL(address).pathname);
  await third.page.getByText('You can read this chat, but not write in it.').waitFor();
  await drawer.open('People');
  await drawer.open('Links');
  const link = drawer.pane.getByRole('listitem').filter({ hasText: 'For the readers' });
  await link.getByText('1 person came').waitFor();
  await link.getByRole('button', { name: 'Who came' }).click();
  await link.getByText('olga').waitFor();
  await link.getByRole('button', { name: 'Revoke' }).click();
  await link.getByRole('group').getByRole('button', { name: 'Revoke' }).click();
  await link.getByText('Revoked').waitFor();
  await third.sees('Welcome.');
  await owner.sees('Welcome.');
});

test('the address is changed while both are in, and nothing else is', async () => {
  const { owner, other, path, drawer } = await two('pia', 'quin');
  await other.composer.fill('Half a thought');
  await drawer.open('Links');
  await drawer.button('New address').click();
  await drawer.pane.getByRole('group').getByRole('button', { name: 'New address' }).click();
  for (const person of [owner, other]) {
    await person.page.waitForURL(({ pathname }) => /^\/chats\/[0-9A-Za-z]{22}$/.test(pathname) && pathname !== path);
    await person.isToldQuietly(/gave the chat a new address/);
  }
  assert.equal(other.path, owner.path);
  assert.equal(await other.composer.inputValue(), 'Half a thought');
  await other.say('Still here.');
  await owner.sees('Still here.');
  await other.page.reload();
  await other.seesInOrder('Welcome.', 'Still here.');
});

test('newcomers knock, are seen, and let in', async () => {
  const { owner, path, drawer } = await two('rosa', 'sam');
  await drawer.turns('Newcomers knock');
  await drawer.close();
  const third = await stage.enter('tim');
  await third.arrive();
  third.expectsStatus('403 (Forbidden)', `/api${path}/`);
  await third.knocksAt(path);
  await owner.page.getByText('1 person is waiting to be let in').waitFor({ state: 'attached' });
  await drawer.open('People');
  await drawer.rowOf('tim').getByRole('button', { name: 'Admit' }).click();
  await owner.isToldQuietly('You let tim in');
  await third.sees('Welcome.');
});

test('one leaves, and the owner ends the chat for everyone', async () => {
  const { owner, other, path, drawer } = await two('una', 'vic');
  const his = new Drawer(other);
  await his.open('Settings');
  await his.button('Leave the chat').click();
  await his.pane.getByRole('group').getByRole('button', { name: 'Leave the chat' }).click();
  await other.heads('You left this chat');
  await owner.isToldQuietly('vic left');
  await other.comesIn(path);
  await other.sees('Welcome.');

  await drawer.open('History');
  await drawer.pane.getByText('vic left').waitFor();
  await drawer.open('Settings');
  await drawer.button('Delete the chat').click();
  await drawer.field('Confirmation').fill('delete');
  await drawer.button('Delete the chat').click();
  for (const person of [owner, other]) await person.heads('This chat has ended');
});
