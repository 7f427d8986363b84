// Exports of a chat: started in its settings, downloaded, unpacked, and read in a browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { findOverflow } from './layout.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';
import { DOCUMENT, picture, post, sound } from './sample_files.js';
import { Sidebar } from './sidebar.js';

const fixture = Fixture.install();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const ATTACK = '</style><script>document.title = "taken"</script><img src=x onerror="document.title = `taken`">';
const FORMATTED = [
  'The **tea** is _ready_, ~~at four~~ at `16:30`:',
  '',
  '> Bring scones.',
  '',
  '- one pot',
  '- two cups',
  '',
  '3. third',
  '',
  '```rust',
  'let scones = cups.iter().map(|cup| cup.owner().scones_on_a_good_afternoon()).sum::<u32>();',
  '```',
  'See [the plan](https://example.org/plan) or https://example.org/_b.',
].join('\n');

// Downloads the export that is ready, and returns the folder of its files.
async function download(person, sidebar) {
  const saving = person.page.waitForEvent('download');
  await sidebar.button('Download').click();
  const file = await saving;
  assert.match(file.suggestedFilename(), /^chatire-chat-\d{4}-\d\d-\d\d\.zip$/);
  const folder = await mkdtemp(join(fixture.server.folder, 'export-'));
  await promisify(execFile)('python3', ['-m', 'zipfile', '-e', await file.path(), folder]);
  return folder;
}

async function exportChat(person) {
  const sidebar = new Sidebar(person);
  await sidebar.open('Settings');
  await sidebar.button('Export chat').click();
  await sidebar.button('Download').waitFor();
  return download(person, sidebar);
}

// Opens a page of an export as a file, in a browser of its own. It must not load anything but the files beside it.
async function openPage(folder, name, options) {
  const reader = await fixture.newPerson(`reader-${fixture.users.length}`, options);
  await reader.open(`file://${join(folder, name)}`);
  const loaded = [...new Set(reader.requests.map((request) => new URL(request.url()).pathname))];
  assert.deepEqual(loaded.filter((path) => !path.startsWith(join(folder, 'files/'))), [join(folder, name)]);
  return reader;
}

async function assertAccessible({ page }) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
  assert.deepEqual(await findOverflow(page), []);
}

test('owner exports the chat, and its page reads like the chat', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('tea-owner', 'scone-baker');
  await owner.send(FORMATTED);
  await owner.choose(await owner.waitForMessage('Bring scones.'), 'Pin');
  await owner.waitForEvent('You pinned a message of yours');
  await other.choose(await other.waitForMessage('Bring scones.'), 'Reply');
  await other.send('With jam, please.');
  await owner.choose(await owner.waitForMessage('With jam, please.'), '👍');
  await other.send(ATTACK);
  await other.send('שלום, tea at five?');
  await other.choose(await other.waitForMessage('tea at five?'), 'Edit');
  await other.composer.fill('שלום, tea at six?');
  await other.composer.press('Enter');
  await owner.waitForMessage('tea at six?');
  const sidebar = new Sidebar(owner);
  await sidebar.open('Settings');
  await sidebar.field('Name').fill('Tea & scones');
  await sidebar.button('Save').click();
  await owner.waitForEvent('named the chat');
  await sidebar.button('Export chat').click();
  await sidebar.button('Download').waitFor();
  await sidebar.button('Download').scrollIntoViewIfNeeded();
  await owner.screenshot(screenshotPath('export-ready'));
  await assertAccessible(owner);
  const folder = await download(owner, sidebar);
  assert.deepEqual((await readdir(folder)).sort(), ['chat.json', 'index.html', 'messages.json']);
  const messages = JSON.parse(await readFile(join(folder, 'messages.json'), 'utf8'));
  assert.deepEqual(messages.slice(0, 2).map(({ message }) => message), ['Welcome.', FORMATTED]);

  for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    for (const theme of ['light', 'dark']) {
      const reader = await openPage(folder, 'index.html', { size, theme });
      await reader.waitForHeading('Tea & scones');
      await assertAccessible(reader);
      await reader.screenshot(screenshotPath(`export-page-${device}-${theme}`));
      assert.equal(await reader.page.title(), 'Tea & scones');
      assert.equal(await reader.page.locator('script, img').count(), 0);
      await reader.page.getByText('<script>document.title').waitFor();
      await reader.page.getByText('2 people').click();
      await reader.page.getByText('1 pinned message').click();
      await reader.page.locator('.people').getByText('scone-baker').first().waitFor();
      await assertAccessible(reader);
      await reader.screenshot(screenshotPath(`export-page-open-${device}-${theme}`));
      const original = reader.page.locator('article').filter({ hasText: 'Bring scones.' }).first();
      await reader.page.locator('a.quote').click();
      await reader.page.waitForFunction((id) => document.querySelector(':target')?.id === id, await original.getAttribute('id'));
      await original.getByRole('link', { name: 'the plan' }).waitFor();
    }
  }
});

test('the page shows the files beside it', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('keeper', 'giver');
  await post(owner, path, 'The garden.', ['garden #1.jpg', await picture(owner.page, 1200, 800)]);
  await post(owner, path, '', ['tone.wav', sound()], ['plan.pdf', DOCUMENT]);
  const folder = await exportChat(owner);
  const names = (await readdir(join(folder, 'files'))).map((name) => name.replace(/^\d+-/, ''));
  assert.deepEqual(names.sort(), ['1-garden #1.jpg', '1-tone.wav', '2-plan.pdf']);
  for (const [device, size, theme] of [['phone', PHONE, 'dark'], ['desktop', DESKTOP, 'light']]) {
    const reader = await openPage(folder, 'index.html', { size, theme });
    const image = reader.page.getByRole('img', { name: 'garden #1.jpg' });
    await image.evaluate((image) => image.decode());
    assert.equal(await image.evaluate((image) => image.naturalWidth / image.naturalHeight), 1.5);
    await reader.page.locator('audio').evaluate((audio) => {
      const loaded = new Promise((resolve) => audio.addEventListener('loadedmetadata', resolve));
      audio.preload = 'metadata';
      audio.load();
      return loaded;
    });
    const link = reader.page.getByRole('link', { name: 'plan.pdf' });
    const saved = join(folder, decodeURI(await link.getAttribute('href')));
    assert.deepEqual(await readFile(saved), Buffer.from(DOCUMENT));
    await assertAccessible(reader);
    await reader.screenshot(screenshotPath(`export-files-${device}`));
  }
});

test('members export once the owner allows it', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('allowing', 'exporting', { size: PHONE, theme: 'dark' });
  const own = new Sidebar(owner);
  const sidebar = new Sidebar(other);
  await sidebar.open('Settings');
  await sidebar.button('Leave chat').waitFor();
  assert.equal(await sidebar.button('Export chat').count(), 0);
  await own.toggle('Members can export');
  await owner.waitForEvent('You let members export the chat');
  await sidebar.button('Export chat').waitFor();
  const folder = await exportChat(other);
  await sidebar.button('Download').scrollIntoViewIfNeeded();
  await other.screenshot(screenshotPath('export-member-phone'));
  await assertAccessible(other);
  const reader = await openPage(folder, 'index.html', { size: PHONE });
  await reader.page.getByText('Welcome.').waitFor();
  await own.toggle('Members can export');
  await owner.waitForEvent('You stopped members from exporting the chat');
  await sidebar.button('Export chat').waitFor({ state: 'detached' });
});

test('progress is shown, and a failed export can be repeated', async () => {
  const owner = await fixture.newPerson('patient');
  await owner.signUpAndStart();
  await owner.startChat();
  await owner.send('Keep this.');
  await owner.waitForMessage('Keep this.');
  const sidebar = new Sidebar(owner);
  await sidebar.open('Settings');
  // The server is too fast to be seen.
  const exports = /\/exports\/$/;
  await owner.page.route(exports, async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const slow = (item) => ({ ...item, state: 'running', done: 1_200, total: 5_000 });
    await route.fulfill({ response, json: body.exports ? { exports: body.exports.map(slow) } : body });
  });
  await sidebar.button('Export chat').click();
  await sidebar.pane.getByText('1200 of 5000 messages and files. You can leave this page.').waitFor();
  const progress = sidebar.pane.getByRole('progressbar', { name: 'Export' });
  assert.equal(await progress.evaluate(({ value, max }) => value / max), 0.24);
  await progress.scrollIntoViewIfNeeded();
  await owner.screenshot(screenshotPath('export-progress'));
  await owner.page.unroute(exports);
  await sidebar.button('Download').waitFor();

  const folder = join(fixture.server.data, 'exports');
  await rename(folder, `${folder}-away`);
  await writeFile(folder, 'in the way');
  await sidebar.button('Export chat').click();
  await sidebar.pane.getByText('The export failed. Try again.').waitFor();
  await owner.screenshot(screenshotPath('export-failed'));
  await rm(folder);
  await rename(`${folder}-away`, folder);
  await sidebar.button('Try again').click();
  await sidebar.button('Download').waitFor();
  await download(owner, sidebar);
});

test('pages of a long chat open and link to each other', async () => {
  const owner = await fixture.newPerson('long-owner');
  await owner.signUpAndStart();
  await owner.startChat();
  await owner.send('The first.');
  await owner.waitForMessage('The first.');
  await fixture.server.sql(`WITH chat AS (SELECT id FROM chats ORDER BY id DESC LIMIT 1)
    INSERT INTO messages (chat_id, user_id, client_id, message, seq, revision, created_at)
    SELECT chat.id, members.user_id, gen_random_uuid(), 'Tea and scones at four, number ' || n || '.', n, n, now()
    FROM chat JOIN members ON members.chat_id = chat.id, generate_series(3, 12000) AS n`);
  await fixture.server.sql('UPDATE chats SET head = 12000 WHERE id = (SELECT max(id) FROM chats)');
  const folder = await exportChat(owner);
  const reader = await openPage(folder, 'index.html', { size: PHONE });
  await reader.page.getByText('11,999 messages').waitFor();
  await reader.page.getByText('3 pages', { exact: true }).click();
  await reader.page.locator('.links a[href="page-3.html"]').waitFor();
  assert.deepEqual(await findOverflow(reader.page), []);
  await reader.screenshot(screenshotPath('export-long-phone'));
  await reader.page.getByRole('navigation', { name: 'Pages, top' }).getByRole('link', { name: 'Later' }).click();
  await reader.page.getByText('Page 2 of 3').first().waitFor();
  await reader.page.getByRole('navigation', { name: 'Pages, bottom' }).getByRole('link', { name: 'Later' }).click();
  await reader.page.getByText('number 12000.').scrollIntoViewIfNeeded();
  await reader.screenshot(screenshotPath('export-long-end-phone'));
});
