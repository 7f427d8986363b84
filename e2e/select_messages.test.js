// Selecting several messages and deleting them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findAxeViolations } from './axe.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';
import { findLayoutViolations } from './layout.js';

const fixture = Fixture.install();

const leaves = (count) => Array.from({ length: count }, (_, index) => `Leaf ${index + 1}.`);

// The selection, as a user sees and operates it.
class Selection {
  constructor(person) {
    Object.assign(this, { person, page: person.page, bar: person.page.getByRole('group', { name: 'Selected messages' }) });
  }

  button(name) {
    return this.bar.getByRole('button', { name, exact: true });
  }

  message(text) {
    return this.person.messages.filter({ hasText: text });
  }

  checkbox(text) {
    return this.message(text).getByRole('checkbox');
  }

  async start(text) {
    await this.person.choose(await this.person.waitForMessage(text), 'Select');
    await this.checkbox(text).and(this.page.locator(':focus')).waitFor();
  }

  waitForCount(count) {
    return this.bar.getByText(count === 1 ? '1 message selected' : `${count} messages selected`, { exact: true }).waitFor();
  }

  async waitForEnd() {
    await this.bar.waitFor({ state: 'detached' });
    await this.person.composer.waitFor();
    assert.equal(await this.person.log.getByRole('checkbox').count(), 0);
  }

  // The texts of the selected messages.
  async selected() {
    const texts = await this.person.messages.filter({ has: this.page.locator(':checked') }).locator('.bubble').allInnerTexts();
    return texts.map((text) => text.trim());
  }
}

async function newChat(name, count, settings) {
  const { owner, other, path } = await fixture.newOwnerAndMember(`${name}-owner`, `${name}-member`, settings);
  await other.postMany(path, leaves(count));
  await other.waitForMessage(`Leaf ${count}.`);
  return { owner, other, path, selection: new Selection(other) };
}

// Waits until the messages have these texts, and there are no others.
const waitForBubbles = (person, ...texts) =>
  person.page.waitForFunction((texts) => {
    const bubbles = [...document.querySelectorAll('#app article .bubble')].map((bubble) => bubble.innerText.trim());
    return JSON.stringify(bubbles) === JSON.stringify(texts);
  }, texts);

const deletions = (person) =>
  person.requests.filter((request) => request.method() === 'DELETE' || request.url().includes('/deletions/'));

test('own messages are selected by mouse, deleted and brought back', async () => {
  const { owner, other, selection } = await newChat('mouse', 6);
  await selection.start('Leaf 2.');
  await selection.waitForCount(1);
  await other.waitForAnnouncement('1 message selected');
  assert.equal(await other.composer.isVisible(), false);
  assert.equal(await selection.checkbox('Welcome.').count(), 0, 'only own messages');
  assert.equal(await selection.checkbox('Leaf 3.').getAttribute('aria-label'), 'You: Leaf 3.');
  // Anywhere on a message, or on its checkbox.
  await selection.message('Leaf 3.').locator('.bubble').click();
  await selection.checkbox('Leaf 4.').click();
  await selection.waitForCount(3);
  await selection.checkbox('Leaf 4.').click();
  await selection.message('Leaf 3.').locator('.bubble').click();
  assert.deepEqual(await selection.selected(), ['Leaf 2.']);
  await selection.message('Leaf 2.').locator('.bubble').click();
  await selection.waitForCount(0);
  await selection.button('Delete').and(other.page.locator('[aria-disabled=true]')).waitFor();
  await selection.message('Leaf 2.').locator('.bubble').click();
  await selection.message('Leaf 5.').locator('.bubble').click({ modifiers: ['Shift'] });
  await selection.waitForCount(4);
  assert.equal(await other.page.evaluate(() => getSelection().toString()), '', 'no text is selected');
  await other.screenshot(screenshotPath('select-mouse'));
  // What arrives meanwhile changes nothing.
  await owner.send('Still there?');
  await other.waitForMessage('Still there?');
  assert.deepEqual(await selection.selected(), ['Leaf 2.', 'Leaf 3.', 'Leaf 4.', 'Leaf 5.']);
  await selection.button('Delete').click();
  await selection.waitForEnd();
  await other.waitForAnnouncement('4 messages deleted');
  const undo = other.page.getByRole('group', { name: '4 messages deleted' }).getByRole('button', { name: 'Undo' });
  await undo.and(other.page.locator(':focus')).waitFor();
  await other.screenshot(screenshotPath('select-undo'));
  await undo.click();
  for (const text of leaves(6)) await other.waitForMessage(text);
  await undo.waitFor({ state: 'detached' });
  await other.log.and(other.page.locator(':focus')).waitFor();
  assert.deepEqual(deletions(other), []);
});

test('message that is brought back can be selected', async () => {
  const { other, selection } = await newChat('back', 3);
  await other.choose(await other.waitForMessage('Leaf 1.'), 'Delete');
  await selection.start('Leaf 3.');
  assert.equal(await other.log.getByRole('checkbox').count(), 2);
  await other.log.getByRole('button', { name: 'Undo' }).click();
  await selection.checkbox('Leaf 1.').waitFor();
});

test('deleted messages are gone for all, in one request', async () => {
  const { owner, other, selection } = await newChat('gone', 4);
  await selection.start('Leaf 1.');
  await selection.message('Leaf 4.').locator('.bubble').click({ modifiers: ['Shift'] });
  await selection.waitForCount(4);
  const deleted = other.page.waitForResponse((response) => response.url().includes('/deletions/'));
  await selection.button('Delete').click();
  // One of them is taken out.
  await other.messages.filter({ hasText: 'Message deleted' }).nth(2).getByRole('button', { name: 'Undo' }).click();
  await other.page.getByRole('group', { name: '3 messages deleted' }).waitFor();
  assert.equal((await deleted).status(), 200);
  for (const person of [owner, other]) {
    await waitForBubbles(person, 'Welcome.', '2 messages deleted', 'Leaf 3.', 'Message deleted');
  }
  assert.equal(deletions(other).length, 1);
  await other.page.getByRole('group', { name: 'messages deleted' }).waitFor({ state: 'detached' });
});

test('messages are selected by keyboard', async () => {
  const { other, selection } = await newChat('key', 5);
  const focused = (text) => selection.checkbox(text).and(other.page.locator(':focus')).waitFor();
  await selection.message('Leaf 4.').focus();
  await other.page.keyboard.press('Tab');
  await other.page.keyboard.press('Enter');
  await selection.message('Leaf 4.').getByRole('button', { name: 'Select', exact: true }).press('Enter');
  await focused('Leaf 4.');
  await other.page.keyboard.press('ArrowUp');
  await focused('Leaf 3.');
  await selection.waitForCount(1);
  await other.page.keyboard.press('Space');
  await selection.waitForCount(2);
  await other.page.keyboard.press('Shift+ArrowUp');
  await focused('Leaf 2.');
  assert.deepEqual(await selection.selected(), ['Leaf 2.', 'Leaf 3.', 'Leaf 4.']);
  await other.waitForAnnouncement('3 messages selected');
  await other.page.keyboard.press('Space');
  await selection.waitForCount(2);
  // One checkbox is reached by Tab, then the bar.
  await other.page.keyboard.press('Tab');
  await selection.button('Delete').and(other.page.locator(':focus')).waitFor();
  await other.page.keyboard.press('Tab');
  await selection.button('Cancel').and(other.page.locator(':focus')).waitFor();
  await other.page.keyboard.press('Shift+Tab');
  await other.page.keyboard.press('Shift+Tab');
  await focused('Leaf 2.');
  await other.page.keyboard.press('Escape');
  await selection.waitForEnd();
  await selection.message('Leaf 2.').and(other.page.locator(':focus')).waitFor();
  assert.deepEqual(deletions(other), []);
});

test('moderator selects all, and what others delete leaves', async () => {
  const { owner, other, path } = await newChat('mod', 4);
  const selection = new Selection(owner);
  await owner.waitForMessage('Leaf 4.');
  await selection.start('Welcome.');
  await selection.message('Leaf 4.').locator('.bubble').click({ modifiers: ['Shift'] });
  await selection.waitForCount(5);
  await owner.screenshot(screenshotPath('select-moderator'));
  // The author deletes one of them.
  await other.choose(await other.waitForMessage('Leaf 2.'), 'Delete');
  await selection.waitForCount(4);
  await owner.waitForAnnouncement('4 messages selected');
  assert.equal(await selection.checkbox('Message deleted').count(), 0);
  // The deletion fails.
  await owner.context.route('**/deletions/', (route) => route.abort());
  owner.expectFailedConnections('FAILED', `/api${path}/deletions/`);
  await selection.button('Delete').click();
  await owner.page.getByText('Not deleted: Can’t reach the server.').nth(3).waitFor();
  await owner.waitForMessage('Leaf 4.', { state: 'failed' });
  await owner.context.unroute('**/deletions/');
  // Leaving the chat ends the selection, and sends what could be undone.
  await selection.message('Leaf 4.').hover();
  await selection.message('Leaf 4.').getByRole('button', { name: 'Message options' }).click();
  await selection.message('Leaf 4.').getByRole('button', { name: 'Select', exact: true }).click();
  await selection.message('Leaf 3.').locator('.bubble').click();
  await selection.waitForCount(2);
  await selection.button('Delete').click();
  const sent = owner.page.waitForResponse((response) => response.url().includes('/deletions/'));
  await owner.goHome();
  assert.equal((await sent).status(), 200);
  await owner.open(path);
  await waitForBubbles(owner, 'Welcome.', 'Leaf 1.', '3 messages deleted');
});

test('at most a hundred messages are selected', async () => {
  const { other, selection } = await newChat('many', 105);
  await other.page.waitForFunction(() => {
    document.querySelector('[role="log"]').scrollTo(0, 0);
    return [...document.querySelectorAll('article .bubble')].some((bubble) => bubble.textContent === 'Leaf 1.');
  });
  await selection.start('Leaf 1.');
  await selection.message('Leaf 101.').locator('.bubble').click({ modifiers: ['Shift'] });
  await selection.bar.getByText('You can select up to 100 messages.').waitFor();
  await selection.waitForCount(1);
  await selection.message('Leaf 1.').locator('.bubble').click();
  await selection.waitForCount(0);
  await selection.message('Leaf 100.').locator('.bubble').click({ modifiers: ['Shift'] });
  await selection.waitForCount(100);
  assert.equal(await selection.bar.getByText('You can select').isVisible(), false);
  await other.page.keyboard.press('Escape');
  await selection.waitForEnd();
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`selection looks well: ${device}, ${theme}`, () => showSelection(device, size, theme));
  }
}

async function showSelection(device, size, theme) {
  const { owner, other, path, selection } = await newChat(`see-${device}-${theme}`, 3, { size, theme });
  const press = (locator) => (device === 'phone' ? locator.tap() : locator.click());
  await other.postMany(path, [`${'A long message that is cut off. '.repeat(30)}\n\n[Link](https://example.org/)`]);
  await owner.postMany(path, ['Two things:\n- tea\n- scones']);
  await other.waitForMessage('Two things');
  const first = selection.message('Leaf 2.');
  await press(first.locator('.bubble'));
  await press(first.getByRole('button', { name: 'Message options' }));
  await press(first.getByRole('button', { name: 'Select', exact: true }));
  await selection.waitForCount(1);
  // A tap on a link selects its message, and opens nothing.
  await press(selection.message('A long message').getByRole('link'));
  await press(selection.message('Leaf 3.').locator('.bubble'));
  await selection.waitForCount(3);
  assert.equal(other.context.pages().length, 1);
  const [message, checkbox] = [await selection.message('Leaf 3.').boundingBox(), await selection.checkbox('Leaf 3.').boundingBox()];
  assert.ok(checkbox.x + checkbox.width < message.x + 44, 'the checkbox is beside the message');
  await other.screenshot(screenshotPath(`select-${device}-${theme}`));
  assert.deepEqual(await findAxeViolations(other.page), []);
  assert.deepEqual(await findLayoutViolations(other.page), []);
  await press(selection.button('Delete'));
  await other.page.getByRole('group', { name: '3 messages deleted' }).waitFor();
  await other.screenshot(screenshotPath(`select-deleted-${device}-${theme}`));
  assert.deepEqual(await findAxeViolations(other.page), []);
  assert.deepEqual(await findLayoutViolations(other.page), []);
  await press(other.page.getByRole('group', { name: '3 messages deleted' }).getByRole('button', { name: 'Undo' }));
  await other.waitForMessage('Leaf 3.');
}
