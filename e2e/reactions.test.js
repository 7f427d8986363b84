// Reactions to messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, Fixture, PHONE, screenshotPath } from './fixture.js';
import { findLayoutViolations } from './layout.js';
import { Sidebar } from './sidebar.js';

const fixture = Fixture.install();

const chip = (message, emoji) => message.locator(`.reaction[value="${emoji}"]`);
const chipTexts = (message) => message.locator('.reaction').allInnerTexts();
const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

// Waits until the message has these chips, in this order.
async function waitForChips(message, ...texts) {
  const chips = message.locator('.reaction');
  await chips.nth(texts.length).waitFor({ state: 'detached' });
  for (const [index, text] of texts.entries()) await chips.nth(index).getByText(text, { exact: true }).waitFor();
}

async function openMenu(message) {
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  await message.getByRole('group', { name: 'React' }).waitFor();
}

// Changes a reaction with the session of a person.
function callReaction(person, method, path, seq, emoji) {
  return person.page.evaluate(async ([method, url]) => {
    const response = await fetch(url, { method, headers: { Authorization: `JWT ${sessionStorage.authToken}` } });
    if (!response.ok) throw new Error(await response.text());
  }, [method, `/api${path}/messages/${seq}/reactions/${encodeURIComponent(emoji)}/`]);
}

for (const [device, size, theme] of [['phone', PHONE, 'dark'], ['desktop', DESKTOP, 'light']]) {
  test(`reactions are counted for both and taken back: ${device}`, async () => {
    const { owner, other } = await fixture.newOwnerAndMember(`owner-${device}`, `member-${device}`, { size, theme });
    const [own, message] = [await owner.waitForMessage('Welcome.'), await other.waitForMessage('Welcome.')];
    await openMenu(own);
    await owner.screenshot(screenshotPath(`reactions-menu-${device}`));
    await own.getByRole('button', { name: '👍', exact: true }).click();
    const theirs = message.getByRole('button', { name: `👍 1: owner-${device}`, pressed: false });
    await theirs.focus();
    await other.page.keyboard.press('Enter');
    await message.getByRole('button', { name: `👍 2: You and owner-${device}`, pressed: true }).waitFor();
    assert.ok(await isFocused(chip(message, '👍')), 'the chip keeps the focus');
    await other.choose(message, '❤️');
    await own.getByRole('button', { name: `❤️ 1: member-${device}`, pressed: false }).click();
    await waitForChips(message, '👍 2', '❤️ 2');
    await waitForChips(own, '👍 2', '❤️ 2');
    assert.deepEqual(await findLayoutViolations(other.page), []);
    await other.screenshot(screenshotPath(`reactions-${device}`));
    // Who reacted.
    await openMenu(message);
    assert.equal(await message.getByRole('button', { name: '❤️', exact: true }).getAttribute('aria-pressed'), 'true');
    await message.getByRole('button', { name: 'Reactions', exact: true }).click();
    const who = message.getByRole('region', { name: 'Reactions' });
    await who.getByText(`You and owner-${device}`).nth(1).waitFor();
    await other.screenshot(screenshotPath(`reactions-who-${device}`));
    await other.page.keyboard.press('Escape');
    await who.waitFor({ state: 'detached' });
    // They survive a reload, and can be taken back. The focus stays on the message when its chip goes.
    await other.page.reload();
    await waitForChips(message, '👍 2', '❤️ 2');
    await own.getByRole('button', { name: /^❤️/ }).click();
    await chip(message, '❤️').getByText('❤️ 1').waitFor();
    await chip(message, '❤️').focus();
    await other.page.keyboard.press('Space');
    await waitForChips(own, '👍 2');
    await waitForChips(message, '👍 2');
    assert.ok(await isFocused(message), 'the message has the focus');
  });
}

test('picker finds an emoji by its name and by keyboard', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('pick-owner', 'pick-member', { size: PHONE, theme: 'dark' });
  const message = await owner.waitForMessage('Welcome.');
  const picker = owner.page.getByRole('dialog', { name: 'More emoji' });
  const openPicker = async () => {
    await message.focus();
    await owner.page.keyboard.press('Tab');
    await owner.page.keyboard.press('Enter');
    await message.getByRole('button', { name: '👍', exact: true }).and(owner.page.locator(':focus')).waitFor();
    await message.getByRole('button', { name: 'More emoji' }).press('Enter');
    await picker.getByRole('searchbox', { name: 'Search emoji' }).and(owner.page.locator(':focus')).waitFor();
  };
  await openPicker();
  await owner.screenshot(screenshotPath('emoji-picker-desktop'));
  await owner.page.keyboard.type('teap');
  assert.deepEqual(await picker.locator('.emoji-grid button:visible').allInnerTexts(), ['🫖']);
  await owner.page.keyboard.press('Enter');
  await picker.waitFor({ state: 'detached' });
  await waitForChips(await other.waitForMessage('Welcome.'), '🫖 1');
  assert.ok(await isFocused(message), 'the message has the focus');
  // What was used lately comes first; the arrow keys move in the grid.
  await openPicker();
  await picker.getByRole('group', { name: 'Recently used' }).getByRole('button', { name: 'teapot' }).waitFor();
  await owner.page.keyboard.press('ArrowDown');
  assert.equal(await owner.page.locator(':focus').getAttribute('value'), '🫖');
  await owner.page.keyboard.press('ArrowDown');
  assert.equal(await owner.page.locator(':focus').getAttribute('value'), '😀');
  await owner.page.keyboard.press('ArrowRight');
  assert.equal(await owner.page.locator(':focus').getAttribute('value'), '😃');
  const column = (await owner.page.locator(':focus').boundingBox()).x;
  await owner.page.keyboard.press('ArrowDown');
  const below = await owner.page.locator(':focus').boundingBox();
  assert.equal(below.x, column);
  await owner.page.keyboard.press('ArrowUp');
  await owner.page.keyboard.press('Enter');
  await waitForChips(message, '🫖 1', '😃 1');
  // Nothing found, and Escape.
  await openPicker();
  await owner.page.keyboard.type('no such emoji');
  await picker.getByRole('status').getByText('No emoji found.').waitFor();
  // Escape clears the search first.
  await owner.page.keyboard.press('Escape');
  await picker.getByRole('button', { name: 'teapot' }).first().waitFor();
  await owner.page.keyboard.press('Escape');
  await picker.waitFor({ state: 'detached' });
  await waitForChips(message, '🫖 1', '😃 1');
  // On a phone, by touch.
  const theirs = await other.waitForMessage('Welcome.');
  await theirs.locator('.bubble').tap();
  await theirs.getByRole('button', { name: 'Message options' }).tap();
  await theirs.getByRole('button', { name: 'More emoji' }).tap();
  await other.page.getByRole('dialog', { name: 'More emoji' }).getByRole('button', { name: 'grinning face', exact: true }).waitFor();
  assert.deepEqual(await findLayoutViolations(other.page), []);
  await other.screenshot(screenshotPath('emoji-picker-phone'));
  await other.page.getByRole('button', { name: 'grinning face', exact: true }).tap();
  await waitForChips(message, '🫖 1', '😃 1', '😀 1');
});

test('no reactions in a closed chat and by readers', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('role-owner', 'role-member');
  const own = await owner.waitForMessage('Welcome.');
  await owner.choose(own, '👍');
  const message = await other.waitForMessage('Welcome.');
  await chip(message, '👍').and(other.page.locator('[aria-disabled=false]')).waitFor();
  const sidebar = new Sidebar(owner);
  await sidebar.toggle('Closed');
  const closed = chip(message, '👍').and(other.page.locator('[aria-disabled=true]'));
  await closed.waitFor();
  await closed.focus();
  await other.page.keyboard.press('Enter');
  await message.hover();
  await message.getByRole('button', { name: 'Message options' }).click();
  await message.getByRole('button', { name: 'Reactions', exact: true }).click();
  await message.getByRole('region', { name: 'Reactions' }).getByText('role-owner').waitFor();
  assert.equal(await message.getByRole('group', { name: 'React' }).count(), 0);
  assert.ok(!other.requests.some((request) => request.method() === 'PUT' && request.url().includes('/reactions/')));
  await sidebar.toggle('Closed');
  await chip(message, '👍').and(other.page.locator('[aria-disabled=false]')).waitFor();
  await sidebar.act('Make read-only', 'role-member');
  await closed.waitFor();
});

test('reaction that is not saved is taken back with an error', async () => {
  const { owner } = await fixture.newOwnerAndMember('fail-owner', 'fail-member');
  const message = await owner.waitForMessage('Welcome.');
  await owner.context.route('**/reactions/**', (route) => route.abort());
  await openMenu(message);
  owner.expectFailedConnections('FAILED', `/api${owner.path}/messages/2/reactions/${encodeURIComponent('🙏')}/`);
  await message.getByRole('button', { name: '🙏', exact: true }).click();
  await message.getByText('Not saved: Can’t reach the server.').waitFor();
  await owner.waitForAnnouncement('Not saved: Can’t reach the server.');
  assert.deepEqual(await chipTexts(message), []);
  await owner.context.unroute('**/reactions/**');
  await owner.choose(message, '🙏');
  await waitForChips(message, '🙏 1');
  assert.equal(await message.getByText('Not saved').count(), 0);
});

test('own reaction is known beyond those that are named', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('many-owner', 'many-member');
  const message = await other.waitForMessage('Welcome.');
  const seq = 2;
  await callReaction(owner, 'PUT', path, seq, '👍');
  await chip(message, '👍').getByText('👍 1').waitFor();
  // As if 24 others had reacted before: the message does not name this user.
  await callReaction(other, 'PUT', path, seq, '👍');
  await chip(message, '👍').getByText('👍 2').waitFor();
  await fixture.server.sql(
    `UPDATE messages SET reactions = jsonb_build_array(jsonb_build_object('emoji', '👍', 'count', 26,
      'users', (SELECT jsonb_agg(number + 100000) FROM generate_series(1, 20) AS number)))
     WHERE reactions IS NOT NULL AND seq = ${seq} AND chat_id = (SELECT id FROM chats WHERE uri = '${path.split('/').pop()}')`,
  );
  await callReaction(owner, 'PUT', path, seq, '🫖');
  await chip(message, '🫖').waitFor();
  await message.getByRole('button', { name: /^👍 26: 26 people/, pressed: false }).click();
  // The server was asked first: the reaction is taken back, not added.
  await message.getByRole('button', { name: /^👍 25/, pressed: false }).waitFor();
  await other.page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/reactions/')));
  await chip(message, '👍').click();
  await message.getByRole('button', { name: /^👍 26: You and 25 more/, pressed: true }).waitFor();
});
