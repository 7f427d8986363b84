// Searching messages: in a chat, and in all chats.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

// The search of a chat, as a user operates it.
class Search {
  constructor(person) {
    Object.assign(this, { person, page: person.page });
  }

  get pane() {
    return this.page.getByRole('complementary', { name: 'Search' });
  }

  get field() {
    return this.pane.getByRole('searchbox', { name: 'Search messages' });
  }

  get results() {
    return this.pane.getByRole('listitem').getByRole('link');
  }

  async open() {
    await this.person.button('Search').click();
    await this.field.and(this.page.locator(':focus')).waitFor();
  }

  // Waits until exactly these texts are found, in this order.
  async find(text, ...expected) {
    await this.field.fill(text);
    await waitForTexts(this.page, '.sidebar', expected);
  }
}

// Waits until the results within the element have exactly these texts.
function waitForTexts(page, within, expected) {
  return page.waitForFunction(
    ([within, expected]) => {
      const shown = [...document.querySelectorAll(`${within} .search-result-text`)].map((text) => text.textContent);
      const status = document.querySelector(`${within} .message-search [role="status"]`);
      return status?.textContent !== 'Searching…' && JSON.stringify(shown) === JSON.stringify(expected);
    },
    [within, expected],
  );
}

const waitForHighlighted = (person, text) =>
  person.page.locator('article.highlighted').filter({ hasText: text }).waitFor();

test('messages of a chat are found', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('find-owner', 'find-member');
  await other.send('Green tea at noon?');
  await owner.waitForMessage('Green tea at noon?');
  await owner.send('The steam engine, and **Café** Verde');
  await owner.send('明天上午开会议');
  await owner.waitForMessage('明天上午开会议');
  const search = new Search(owner);
  await search.open();
  await search.find('tea', 'The steam engine, and **Café** Verde', 'Green tea at noon?');
  assert.deepEqual(await search.pane.locator('mark').allInnerTexts(), ['tea', 'tea']);
  await search.find('steam', 'The steam engine, and **Café** Verde');
  assert.deepEqual(await search.pane.locator('mark').allInnerTexts(), ['steam']);
  await search.find('"tea"', 'Green tea at noon?');
  await search.find('gre', 'Green tea at noon?');
  await search.find('cafe', 'The steam engine, and **Café** Verde');
  assert.deepEqual(await search.pane.locator('mark').allInnerTexts(), ['Café']);
  await search.find('会议', '明天上午开会议');
  await search.find('tea from:find-member', 'Green tea at noon?');
  await search.find('from:me engine', 'The steam engine, and **Café** Verde');
  await search.find('nothing like it');
  await search.pane.getByText('No messages found.').waitFor();
  // The answer to an earlier text, which arrives late, is not shown.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await owner.page.route(/search\/\?q=green/, async (route) => {
    await held;
    await route.continue();
  });
  const requested = owner.page.waitForRequest(/search\/\?q=green/);
  await search.field.fill('green');
  const answered = (await requested).response();
  await search.find('会议', '明天上午开会议');
  release();
  await (await answered).finished();
  await waitForTexts(owner.page, '.sidebar', ['明天上午开会议']);
});

test('only present texts are found', async () => {
  const { owner } = await fixture.newOwnerAndMember('present-owner', 'present-member');
  await owner.send('Pears');
  await owner.send('Apples');
  await owner.choose(await owner.waitForMessage('Apples'), 'Edit');
  await owner.composer.fill('Plums');
  await owner.composer.press('Enter');
  await owner.waitForMessage('Plums');
  const deleted = owner.page.waitForResponse((response) => response.request().method() === 'DELETE');
  await owner.choose(await owner.waitForMessage('Pears'), 'Delete');
  assert.ok((await deleted).ok());
  const search = new Search(owner);
  await search.open();
  await search.find('plums', 'Plums');
  await search.find('apples');
  await search.find('pears');
});

test('results are reached by keyboard', async () => {
  const { owner } = await fixture.newOwnerAndMember('key-owner', 'key-member');
  await owner.send('First tea');
  await owner.send('Second tea');
  await owner.waitForMessage('Second tea');
  const search = new Search(owner);
  await search.open();
  await search.find('tea', 'Second tea', 'First tea');
  const focused = (index) => search.results.nth(index).and(owner.page.locator(':focus')).waitFor();
  await owner.page.keyboard.press('ArrowDown');
  await focused(0);
  await owner.page.keyboard.press('ArrowDown');
  await focused(1);
  await owner.page.keyboard.press('ArrowUp');
  await owner.page.keyboard.press('ArrowUp');
  await search.field.and(owner.page.locator(':focus')).waitFor();
  await owner.page.keyboard.press('ArrowDown');
  await owner.page.keyboard.press('Enter');
  await waitForHighlighted(owner, 'Second tea');
  // Beside the messages, the results stay.
  await waitForTexts(owner.page, '.sidebar', ['Second tea', 'First tea']);
  await search.field.focus();
  await owner.page.keyboard.press('Escape');
  await search.pane.waitFor({ state: 'detached' });
  await owner.button('Search').and(owner.page.locator(':focus')).waitFor();
});

test('Enter searches at once, then leads to the results', async () => {
  const { owner } = await fixture.newOwnerAndMember('enter-owner', 'enter-member');
  // What is typed is not sent by itself.
  await owner.page.evaluate(() => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (run, delay, ...rest) => (delay === 250 ? 0 : setTimeout(run, delay, ...rest));
  });
  const search = new Search(owner);
  await search.open();
  await search.field.fill('welcome');
  await search.pane.getByText('Searching…').waitFor();
  await search.field.press('Enter');
  await waitForTexts(owner.page, '.sidebar', ['Welcome.']);
  assert.equal(owner.requests.filter((request) => request.url().includes('/search/')).length, 1);
  await search.field.press('Enter');
  await search.results.first().and(owner.page.locator(':focus')).waitFor();
  await owner.page.keyboard.press('Enter');
  await waitForHighlighted(owner, 'Welcome.');
});

test('back button leads from a message to the results', async () => {
  const { other, path } = await fixture.newOwnerAndMember('back-owner', 'back-member', { size: PHONE });
  await other.postMany(path, Array.from({ length: 30 }, (_, index) => `Tea ${index + 1}`));
  const search = new Search(other);
  await search.open();
  await search.field.fill('tea');
  await search.results.nth(19).waitFor();
  await search.pane.getByRole('button', { name: 'Show more' }).tap();
  await search.results.nth(29).tap();
  await waitForHighlighted(other, 'Tea 1');
  await search.pane.waitFor({ state: 'detached' });
  await other.page.goBack();
  await search.results.nth(29).and(other.page.locator(':focus')).waitFor();
  assert.equal(await search.field.inputValue(), 'tea');
  assert.equal(await search.results.count(), 30);
  // Closing it leads back to the chat, not to the message once more.
  await other.page.keyboard.press('Escape');
  await search.pane.waitFor({ state: 'detached' });
  await search.open();
  assert.equal(await search.field.inputValue(), '');
  assert.equal(await search.results.count(), 0);
});

test('invalid filter says what to write', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('bad-owner', 'bad-member');
  owner.expectStatus('400 (Bad Request)', `/api${path}/search/`);
  const search = new Search(owner);
  await search.open();
  await search.field.fill('has:nothing');
  await owner.waitForAlert('has:link');
  await search.field.fill('before:yesterday');
  await owner.waitForAlert('Write dates like');
  await search.find('welcome', 'Welcome.');
  assert.equal(await search.pane.locator('[role="alert"]').textContent(), '');
});

test('further results are loaded', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('more-owner', 'more-member');
  const texts = Array.from({ length: 25 }, (_, index) => `Tea ${index + 1}`);
  await owner.postMany(path, texts.slice(0, 15));
  await fixture.server.sql("UPDATE messages SET created_at = created_at - interval '1 minute'");
  await owner.postMany(path, texts.slice(15));
  const search = new Search(owner);
  await search.open();
  const newest = texts.toReversed();
  await search.find('tea', ...newest.slice(0, 20));
  await search.pane.getByRole('button', { name: 'Show more' }).click();
  await waitForTexts(owner.page, '.sidebar', newest);
  await search.pane.getByRole('button', { name: 'Show more' }).waitFor({ state: 'hidden' });
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`search looks well: ${device}, ${theme}`, () => showSearch(device, size, theme));
  }
}

async function showSearch(device, size, theme) {
  const names = [`see-owner-${device}-${theme}`, `see-member-${device}-${theme}`];
  const { owner, other, path } = await fixture.newOwnerAndMember(...names, { size, theme });
  await owner.send('Green tea at noon?');
  await owner.send(`${'A long introduction that can be skipped. '.repeat(4)}Then the tea comes. ${'And so on. '.repeat(30)}`);
  await other.waitForMessage('introduction');
  const search = new Search(other);
  await search.open();
  await other.screenshot(screenshotPath(`search-empty-${device}-${theme}`));
  await search.field.fill('tea');
  await search.results.nth(1).waitFor();
  await other.screenshot(screenshotPath(`search-${device}-${theme}`));
  await search.results.nth(1).click();
  await waitForHighlighted(other, 'Green tea at noon?');
  if (device === 'phone') await search.pane.waitFor({ state: 'detached' });
  assert.equal(other.path, path);
  // In all chats, together with their names.
  await other.open('/chats');
  await other.startChat();
  await other.send('More tea');
  await other.waitForMessage('More tea');
  if (device === 'phone') await other.goHome();
  const field = other.page.getByRole('navigation', { name: 'Your chats' }).getByRole('searchbox', { name: 'Search' });
  await field.fill('tea');
  const found = other.page.getByRole('region', { name: 'Messages' }).getByRole('link');
  await found.nth(2).waitFor();
  await other.screenshot(screenshotPath(`search-all-${device}-${theme}`));
  assert.equal(await found.count(), 3);
  await field.press('ArrowDown');
  await found.nth(0).and(other.page.locator(':focus')).waitFor();
  await found.nth(2).click();
  await other.waitForPath(path);
  await waitForHighlighted(other, 'Green tea at noon?');
}
