// Pinned messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';
import { Sidebar } from './sidebar.js';

const fixture = Fixture.install();

test('moderator pins a message that all find in the list', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('pin-owner', 'pin-member');
  await owner.send('**Tea** is at four.');
  await other.waitForMessage('Tea is at four.');
  await owner.choose(await owner.waitForMessage('Tea is at four.'), 'Pin');
  await other.waitForEvent('pin-owner pinned a message from pin-owner');
  await (await other.waitForMessage('Tea is at four.')).getByText('Pinned', { exact: true }).waitFor();
  await owner.postMany(path, Array.from({ length: 150 }, (_, index) => `Leaf ${index + 1}.`));
  await other.page.reload();
  await other.waitForMessage('Leaf 150.');
  const sidebar = new Sidebar(other);
  await sidebar.open('Pinned');
  const row = other.page.locator('.pins li').filter({ hasText: 'Tea is at four.' });
  await row.waitFor();
  await other.screenshot(screenshotPath('pins'));
  assert.equal(await row.getByRole('button', { name: 'Unpin' }).isVisible(), false);
  // Another pin leaves the row, and with it the scroll position, as it is.
  const element = await row.elementHandle();
  await owner.choose(await owner.waitForMessage('Leaf 150.'), 'Pin');
  await other.page.locator('.pins li').filter({ hasText: 'Leaf 150.' }).waitFor();
  assert.ok(await element.evaluate((row) => row.isConnected));
  await owner.choose(await owner.waitForMessage('Leaf 150.'), 'Unpin');
  await other.page.locator('.pins li').filter({ hasText: 'Leaf 150.' }).waitFor({ state: 'detached' });
  assert.ok(await element.evaluate((row) => row.isConnected));
  await row.getByTitle('Show this message').click();
  await other.page.locator('article.highlighted').filter({ hasText: 'Tea is at four.' }).waitFor();
  // Unpinning takes it out of the open list.
  const ownSidebar = new Sidebar(owner);
  await ownSidebar.open('Pinned');
  await owner.page.locator('.pins').getByRole('button', { name: 'Unpin' }).click();
  await owner.page.getByText('Nothing pinned yet').waitFor();
  await other.page.getByText('Nothing pinned yet').waitFor();
});

test('pinned message is shown over the list on a phone', async () => {
  const owner = await fixture.newPerson('pin-phone', { size: PHONE, theme: 'dark' });
  await owner.signUpAndStart();
  await owner.startChat();
  await owner.send('Welcome.');
  await owner.choose(await owner.waitForMessage('Welcome.'), 'Pin');
  await owner.waitForEvent('You pinned a message of yours');
  const sidebar = new Sidebar(owner);
  await sidebar.open('Pinned');
  const row = owner.page.locator('.pins li');
  await row.waitFor();
  await owner.screenshot(screenshotPath('pins-phone'));
  const { height } = await row.getByTitle('Show this message').boundingBox();
  assert.ok(height >= 44, `${height}`);
  await row.getByTitle('Show this message').tap();
  await owner.page.locator('article.highlighted').filter({ hasText: 'Welcome.' }).waitFor();
  assert.equal(await row.count(), 0, 'the sidebar is closed');
});
