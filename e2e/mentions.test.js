// Mentions of people in messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

const option = (person, name) => person.page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option', { name });

// Two people in a chat, whose composers have their tools.
async function twoPeople(owner, other, otherSettings) {
  const people = await fixture.newOwnerAndMember(owner, other, otherSettings);
  for (const person of [people.owner, people.other]) await waitForTools(person);
  return people;
}

function waitForTools(person) {
  return person.page.waitForFunction(() => document.querySelector('.message-input')?.style.getPropertyValue('--visible-height'));
}

function rename(person, name) {
  return person.page.evaluate(async (name) => {
    const headers = { Authorization: `JWT ${sessionStorage.authToken}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ display_name: name });
    const { ok } = await fetch('/auth/me/', { method: 'PATCH', headers, body });
    if (!ok) throw new Error(name);
  }, name);
}

// Waits until the message mentions these, and returns whether its row is highlighted.
async function mentionsIn(message, ...names) {
  for (const [index, name] of names.entries()) {
    await message.locator('.bubble .mention').nth(index).filter({ hasText: name }).waitFor();
  }
  assert.equal(await message.locator('.bubble .mention').count(), names.length);
  return message.locator('.mentions-me').count().then((count) => count > 0);
}

test('completed name mentions and follows a rename', async () => {
  const { owner, other, path } = await twoPeople('iris', 'jonas');
  await rename(other, 'Jonas Berg');
  await owner.chatList.linkTo(path).getByText('Jonas Berg').waitFor();
  await owner.composer.pressSequentially('Tea, @be');
  await option(owner, 'Jonas Berg').waitFor();
  await owner.screenshot(screenshotPath('mention-completion'));
  await owner.composer.press('Enter');
  assert.equal(await owner.composer.inputValue(), 'Tea, @Jonas Berg ');
  // The draft is what is seen.
  await owner.page.reload();
  await waitForTools(owner);
  assert.equal(await owner.composer.inputValue(), 'Tea, @Jonas Berg ');
  await owner.composer.pressSequentially('or `@jonas`?');
  await owner.composer.press('Enter');
  const own = await owner.waitForMessage('Tea, @Jonas Berg or @jonas?');
  const message = await other.waitForMessage('Tea, @Jonas Berg or @jonas?');
  assert.equal(await mentionsIn(own, '@Jonas Berg'), false);
  assert.equal(await mentionsIn(message, '@Jonas Berg'), true);
  await other.waitForAnnouncement('iris: Tea, @Jonas Berg or @jonas?');
  await other.screenshot(screenshotPath('mention'));
  await rename(other, 'Jonas Holm');
  await owner.waitForMessage('Tea, @Jonas Holm or @jonas?');
  await other.waitForMessage('Tea, @Jonas Holm or @jonas?');
  await owner.chatList.linkTo(path).getByText('Tea, @Jonas Holm or @jonas?').waitFor();
  // Where it is shown as a text.
  await owner.choose(await owner.waitForMessage('Tea, @Jonas Holm'), 'Copy text');
  assert.equal(await owner.page.evaluate(() => navigator.clipboard.readText()), 'Tea, @Jonas Holm or `@jonas`?');
  await other.choose(await other.waitForMessage('Tea, @Jonas Holm'), 'Reply');
  await other.send('Gladly.');
  const quote = (await owner.waitForMessage('Gladly.')).locator('.quote-text');
  assert.equal(await quote.innerText(), 'Tea, @Jonas Holm or @jonas?');
});

test('edit keeps, adds and removes mentions', async () => {
  const { owner, other } = await twoPeople('edna', 'felix');
  await owner.send('@felix: tea?');
  await mentionsIn(await owner.waitForMessage('@felix: tea?'), '@felix');
  await owner.composer.press('ArrowUp');
  await owner.button('Save').waitFor();
  assert.equal(await owner.composer.inputValue(), '@felix: tea?');
  await owner.composer.fill('@felix, @here: coffee?');
  await owner.composer.press('Enter');
  assert.equal(await mentionsIn(await other.waitForMessage('coffee?'), '@felix', '@here'), true);
  await owner.waitForMessage('coffee?');
  await owner.composer.press('ArrowUp');
  await owner.button('Save').waitFor();
  assert.equal(await owner.composer.inputValue(), '@felix, @here: coffee?');
  await owner.composer.fill('@felicity: water?');
  await owner.composer.press('Enter');
  const message = await other.waitForMessage('@felicity: water?');
  assert.equal(await mentionsIn(message), false);
  await message.getByRole('button', { name: 'edited' }).click();
  const versions = message.getByRole('region', { name: 'Earlier versions' });
  await versions.getByText('@felix, @here: coffee?').waitFor();
  assert.equal(await versions.locator('.mention').count(), 3);
});

test('unread mentions are counted apart', async () => {
  const { owner, other, path } = await twoPeople('greta', 'henry');
  await other.goHome();
  await other.startChat();
  const badge = other.chatList.linkTo(path).locator('.mention-badge');
  await owner.send('Plain.');
  await other.chatList.waitForUnread(path, '1');
  assert.equal(await badge.isVisible(), false);
  await owner.send('@here: tea!');
  await other.chatList.linkTo(path).getByText('@here: tea!').waitFor();
  await badge.filter({ hasText: '@1' }).waitFor();
  await other.waitForUnreadInTitle(2);
  await owner.send('And @henry?');
  await badge.filter({ hasText: '@2' }).waitFor();
  await other.page.reload();
  await badge.filter({ hasText: '@2' }).waitFor();
  await other.screenshot(screenshotPath('mention-badge'));
  await other.chatList.linkTo(path).click();
  await other.waitForMessage('And @henry?');
  await badge.waitFor({ state: 'detached' });
  // A search finds both.
  await other.button('Search').click();
  await other.page.getByRole('searchbox', { name: 'Search messages' }).fill('mentions:me');
  const results = other.page.locator('.sidebar .search-result-text');
  await results.nth(1).waitFor();
  assert.deepEqual(await results.allInnerTexts(), ['And @henry?', '@here: tea!']);
});

test('members of the same name are told apart', async () => {
  const { owner, other, path } = await twoPeople('ida', 'karl');
  await rename(other, 'Ida');
  await owner.chatList.linkTo(path).getByText('Ida', { exact: true }).waitFor();
  await owner.composer.pressSequentially('@');
  await option(owner, '@karl').waitFor();
  await option(owner, 'Everyone in this chat').waitFor();
  await owner.composer.press('Tab');
  assert.equal(await owner.composer.inputValue(), '@karl ');
  await owner.send('@karl, not @ida');
  await mentionsIn(await other.waitForMessage('@Ida, not @ida'), '@Ida', '@ida');
});

test('touch chooses a name on a phone', async () => {
  const { owner, other } = await twoPeople('lotte', 'mika', { size: PHONE, theme: 'dark' });
  await other.composer.tap();
  await other.composer.pressSequentially('@lo');
  await option(other, 'lotte').waitFor();
  await other.screenshot(screenshotPath('mention-completion-phone'));
  await option(other, 'lotte').tap();
  await other.composer.pressSequentially('has tea.');
  await other.button('Send').tap();
  assert.equal(await mentionsIn(await owner.waitForMessage('@lotte has tea.'), '@lotte'), true);
  await owner.send('@mika and @here, `@mika` is code.');
  const message = await other.waitForMessage('@mika and @here, @mika is code.');
  assert.equal(await mentionsIn(message, '@mika', '@here'), true);
  await other.screenshot(screenshotPath('mention-phone'));
});

test('unsent mention is shown by name', async () => {
  const { owner, other } = await twoPeople('nora', 'otto');
  const cut = await owner.cutOff();
  await owner.page.reload();
  await waitForTools(owner);
  await owner.send('@otto, are you there?');
  await cut.dropped;
  const unsent = await owner.waitForMessage('@otto, are you there?', { state: 'sending', own: true });
  await mentionsIn(unsent, '@otto');
  cut.on = false;
  await owner.page.reload();
  assert.equal(await mentionsIn(await other.waitForMessage('@otto, are you there?'), '@otto'), true);
});
