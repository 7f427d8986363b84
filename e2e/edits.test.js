// Editing messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';
import { Sidebar } from './sidebar.js';

const fixture = Fixture.install();

test('edited message is marked and shows its versions', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('edit-owner', 'edit-member', { size: PHONE, theme: 'dark' });
  await owner.send('Tee at four?');
  await other.waitForMessage('Tee at four?');
  await owner.choose(await owner.waitForMessage('Tee at four?'), 'Edit');
  await owner.page.getByText('Editing message').waitFor();
  assert.equal(await owner.composer.inputValue(), 'Tee at four?');
  assert.ok(await owner.composer.evaluate((field) => field === document.activeElement), 'the composer has the focus');
  await owner.screenshot(screenshotPath('edit'));
  await owner.composer.fill('Tea at four?');
  await owner.composer.press('Enter');
  await owner.waitForAnnouncement('Message edited');
  await owner.waitForMessages('Welcome.', 'Tea at four?');
  assert.equal(await owner.composer.inputValue(), '');
  const edited = await other.waitForMessage('Tea at four?');
  const mark = other.log.getByRole('button', { name: 'edited' });
  await mark.tap();
  await edited.locator('.message-versions').getByText('Tee at four?').waitFor();
  await other.screenshot(screenshotPath('versions'));
  // Another edit while they are shown adds one.
  await owner.composer.press('ArrowUp');
  await owner.composer.fill('Tea at five?');
  await owner.button('Save').click();
  await other.waitForMessage('Tea at five?');
  await edited.locator('.message-versions').getByText('Tea at four?').waitFor();
  assert.equal(await edited.locator('.message-versions li').count(), 2);
  await mark.tap();
  await other.log.locator('.message-versions').waitFor({ state: 'detached' });
  // Others have no way to edit it.
  const latest = await other.waitForMessage('Tea at five?');
  await latest.hover();
  await latest.getByRole('button', { name: 'Message options' }).click();
  await latest.getByRole('button', { name: 'Copy text' }).waitFor();
  assert.equal(await latest.getByRole('button', { name: 'Edit', exact: true }).count(), 0);
});

test('arrow up edits the last own message, Escape leaves it', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('up-owner', 'up-member');
  await owner.send('One');
  await owner.waitForMessage('One');
  await other.send('Two');
  await owner.waitForMessage('Two');
  await owner.composer.press('ArrowUp');
  assert.equal(await owner.composer.inputValue(), 'One');
  await owner.composer.press('Escape');
  assert.equal(await owner.composer.inputValue(), '');
  // In a text, the key moves the caret.
  await owner.composer.fill('Half a thought');
  await owner.composer.press('ArrowUp');
  assert.equal(await owner.composer.inputValue(), 'Half a thought');
  // The draft is there again after an edit from the menu.
  await owner.choose(await owner.waitForMessage('One'), 'Edit');
  await owner.composer.fill('Eins');
  await owner.composer.press('Enter');
  // The other may see the edit before the owner's client knows that it is saved.
  await owner.waitForAnnouncement('Message edited');
  await other.waitForMessage('Eins');
  assert.equal(await owner.composer.inputValue(), 'Half a thought');
});

test('unsaved edit survives an error and a reload', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('kept-owner', 'kept-member');
  await owner.composer.fill('A draft');
  await owner.choose(await owner.waitForMessage('Welcome.'), 'Edit');
  await owner.composer.fill('Welcome to tea.');
  const url = '**/api/chats/*/messages/*/';
  await owner.context.route(url, (route) => route.abort());
  owner.expectFailedConnections('FAILED', `/api${path}/messages/2/`);
  await owner.composer.press('Enter');
  await owner.waitForAlert('Not saved: Can’t reach the server.');
  await owner.context.unroute(url);
  await owner.page.reload();
  await owner.page.getByText('Editing message').waitFor();
  assert.equal(await owner.composer.inputValue(), 'Welcome to tea.');
  await owner.button('Save').click();
  await other.waitForMessage('Welcome to tea.');
  await owner.page.waitForFunction(() => document.querySelector('#app textarea').value === 'A draft');
});

test('edit of a deleted message is refused and keeps its text', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('gone-owner', 'gone-member');
  await other.send('Spam');
  await other.choose(await other.waitForMessage('Spam'), 'Edit');
  await other.composer.fill('No spam');
  await owner.choose(await owner.waitForMessage('Spam'), 'Delete');
  await owner.page.reload();
  await other.waitForMessage('Message deleted', { state: 'deleted' });
  other.expectStatus('410 (Gone)', `/api${path}/messages/4/`);
  await other.composer.press('Enter');
  await other.waitForAlert('Not saved: This message was deleted.');
  assert.equal(await other.composer.inputValue(), 'No spam');
});

test('owner turns editing off for everyone', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('off-owner', 'off-member');
  await other.send('For good');
  const message = await other.waitForMessage('For good');
  await new Sidebar(owner).select('Editing messages', 'Never');
  await other.waitForEvent('off-owner turned off editing');
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  await message.getByRole('button', { name: 'Copy text' }).waitFor();
  assert.equal(await message.getByRole('button', { name: 'Edit', exact: true }).count(), 0);
  await other.composer.press('ArrowUp');
  assert.equal(await other.composer.inputValue(), '');
});

test('changed edit is not lost to another one or a reply', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('busy-owner', 'busy-member');
  for (const text of ['One', 'Two']) await owner.send(text);
  await other.waitForMessage('Two');
  await owner.choose(await owner.waitForMessage('One'), 'Edit');
  await owner.composer.fill('One and a half');
  for (const action of ['Edit', 'Reply']) {
    await owner.choose(await owner.waitForMessage('Two'), action);
    await owner.waitForAlert('Save or cancel this edit first.');
    assert.equal(await owner.composer.inputValue(), 'One and a half');
  }
  await owner.button('Save').click();
  // Marked in the middle of a group, too.
  const edited = await other.waitForMessage('One and a half');
  assert.ok(await edited.getByRole('button', { name: 'edited' }).isVisible());
  const { width, height } = await edited.getByRole('button', { name: 'edited' }).boundingBox();
  assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
});
