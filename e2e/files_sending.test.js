// Sending files: choosing, pasting and dropping them, the tray, uploads, and what happens to them when something fails.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { findAxeViolations } from './axe.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';
import { findLayoutViolations } from './layout.js';
import { Sidebar } from './sidebar.js';

const MEGABYTE = 1024 * 1024;
const SPACE = 5 * MEGABYTE;
const FILE_LIMIT = 6 * MEGABYTE;

const env = { CHATIRE_LIMIT_USER_FILES: `${SPACE}`, CHATIRE_LIMIT_FILE_BYTES: `${FILE_LIMIT}` };
const fixture = Fixture.install(undefined, { env });

const textFile = (name, text = name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });

// On the disk, which is quicker than through the browser's remote control.
async function largeFile(name, size) {
  const path = join(fixture.server.folder, name);
  await writeFile(path, Buffer.alloc(size, name));
  return path;
}

async function personInChat(name, settings) {
  const person = await fixture.newPerson(name, settings);
  await person.signUpAndStart();
  const path = await person.startChat();
  // Until the tools of the composer are loaded.
  await tray(person).waitFor({ state: 'attached' });
  return { person, path };
}

const chooser = (person) => person.page.locator('#app').getByLabel('Attach files', { exact: true });
const tray = (person) => person.page.locator('.file-tray');
const trayItems = (person) => tray(person).getByRole('listitem');
const pendingFiles = (person) => person.log.locator('.pending-files').getByRole('listitem');
const alert = (person, text) => person.page.locator('.composer').getByRole('alert').filter({ hasText: text });

async function waitForTray(person, ...names) {
  for (const name of names) await trayItems(person).filter({ hasText: name }).waitFor();
  assert.equal(await trayItems(person).count(), names.length, `${await trayItems(person).allInnerTexts()}`);
}

async function attach(person, ...files) {
  await chooser(person).setInputFiles(files);
}

// The picture of the page itself.
async function picture(person, name = 'photo.png') {
  return { name, mimeType: 'image/png', buffer: await person.page.screenshot() };
}

// The texts of the stored messages, with the names of their files.
function storedMessages(person, path) {
  return person.page.evaluate(async (url) => {
    const response = await fetch(url, { headers: { Authorization: `JWT ${sessionStorage.authToken}` } });
    const { messages } = await response.json();
    const texts = messages.filter(({ event }) => event === undefined);
    return texts.map(({ message, files = [] }) => [message, ...files.map(({ name }) => name)]);
  }, `/api${path}/messages/`);
}

// Waits until all messages are sent, and returns what the server has.
async function waitUntilSent(person, path, count) {
  const isSent = (count) => {
    const messages = [...document.querySelectorAll('article.message')];
    return messages.length === count && messages.every(({ dataset }) => dataset.state === 'sent');
  };
  await person.page.waitForFunction(isSent, count);
  return storedMessages(person, path);
}

// Waits until the browser's database has these files, and no others.
function waitForLocalFiles(person, ...names) {
  const hasFiles = async (names) => {
    const result = (request) =>
      new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
    const database = await result(indexedDB.open('chatire-files', 1));
    const files = await result(database.transaction('files').objectStore('files').getAll());
    database.close();
    return `${files.map(({ name }) => name).sort()}` === `${names}`;
  };
  return person.page.waitForFunction(hasFiles, names);
}

// Lets files be uploaded at so many bytes per second, until the returned function is called.
async function slowDown(person, uploadThroughput) {
  const session = await person.context.newCDPSession(person.page);
  const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput };
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', conditions);
  return () => session.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: -1 });
}

// The URLs of uploads contain random ids.
function expectUploadErrors(person) {
  person.recordError = (text, url) => {
    if (!/\/api\/chats\/\w+\/files\//.test(url)) Object.getPrototypeOf(person).recordError.call(person, text, url);
  };
}

function dispatchFiles(person, type, ...names) {
  return person.page.evaluate(
    ([type, names]) => {
      const dataTransfer = new DataTransfer();
      for (const name of names) dataTransfer.items.add(new File([name], name, { type: 'text/plain' }));
      const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector('.log').dispatchEvent(event);
      return event.defaultPrevented;
    },
    [type, names],
  );
}

test('chosen files are sent with a text', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('ada', 'brian');
  await attach(owner, textFile('plan.txt'), await picture(owner), textFile('wrong.txt'));
  await waitForTray(owner, 'plan.txt', 'photo.png', 'wrong.txt');
  await owner.waitForAnnouncement('3 files attached');
  await owner.button('Remove wrong.txt').click();
  await waitForTray(owner, 'plan.txt', 'photo.png');
  await owner.send('Here they are.');
  await owner.waitForMessage('Here they are.');
  await other.waitForMessage('Here they are.');
  assert.equal(await tray(owner).isVisible(), false, 'the tray is empty');
  const expected = [['Welcome.'], ['Here they are.', 'plan.txt', 'photo.png']];
  assert.deepEqual(await storedMessages(other, path), expected);
  await waitForLocalFiles(owner);
});

test('files are pasted and dropped, and need no text', async () => {
  const { person, path } = await personInChat('paste');
  await attach(person, textFile('first.txt'));
  await waitForTray(person, 'first.txt');
  await person.composer.click();
  await person.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 30);
    canvas.getContext('2d').fillRect(0, 0, 20, 30);
    const blob = await canvas.convertToBlob({ type: 'image/png' });
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
  });
  await person.page.keyboard.press('Control+v');
  await waitForTray(person, 'first.txt', 'image.png');

  const zone = person.page.getByText('Drop files to attach them', { exact: true });
  assert.ok(await dispatchFiles(person, 'dragover', 'dropped.txt'), 'the browser does not open the file');
  await zone.waitFor();
  await person.screenshot(screenshotPath('files-drop'));
  await dispatchFiles(person, 'dragleave', 'dropped.txt');
  await zone.waitFor({ state: 'hidden' });
  await dispatchFiles(person, 'dragover', 'dropped.txt');
  await dispatchFiles(person, 'drop', 'dropped.txt');
  await zone.waitFor({ state: 'hidden' });
  await waitForTray(person, 'first.txt', 'image.png', 'dropped.txt');
  await person.button('Send').click();
  assert.deepEqual(await waitUntilSent(person, path, 1), [['', 'first.txt', 'image.png', 'dropped.txt']]);
});

test('copied text with a picture of it is pasted as text', async () => {
  const { person } = await personInChat('cells');
  const paste = (formats) =>
    person.composer.evaluate((field, formats) => {
      const clipboardData = new DataTransfer();
      for (const format of formats) clipboardData.setData(format, 'Tea');
      clipboardData.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
      const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
      field.dispatchEvent(event);
      return event.defaultPrevented;
    }, formats);
  await attach(person, textFile('first.txt'));
  await waitForTray(person, 'first.txt');
  assert.equal(await paste(['text/plain', 'text/html']), false, 'cells of a table');
  assert.equal(await paste(['text/html']), true, 'a picture of a page');
  await waitForTray(person, 'first.txt', 'image.png');
});

test('too large and too many files are left out', async () => {
  const { person, path } = await personInChat('limits');
  await attach(person, await largeFile('film.bin', 25 * MEGABYTE + 1), await largeFile('small.txt', 9));
  await alert(person, 'Larger than 25 MB, not attached: film.bin').waitFor();
  await waitForTray(person, 'small.txt');
  const names = Array.from({ length: 11 }, (_, index) => `file ${index}.txt`);
  await attach(person, ...names.map((name) => textFile(name)));
  await alert(person, 'A message can have 10 files. Not attached: file 9.txt, file 10.txt').waitFor();
  await waitForTray(person, 'small.txt', ...names.slice(0, 9));
  assert.deepEqual(await findLayoutViolations(person.page), []);
  assert.deepEqual(await findAxeViolations(person.page), []);
  await person.button('Send').click();
  await alert(person, 'A message can have').waitFor({ state: 'hidden' });
  assert.deepEqual(await waitUntilSent(person, path, 1), [['', 'small.txt', ...names.slice(0, 9)]]);
});

test('files are attached and removed by keyboard', async () => {
  const { person, path } = await personInChat('keys');
  const { keyboard } = person.page;
  const isFocused = (name) => person.page.waitForFunction((name) => document.activeElement.ariaLabel === name, name);
  // Begins to intercept the dialog, which takes a moment.
  const chosen = person.page.waitForEvent('filechooser');
  await person.composer.focus();
  await keyboard.press('Shift+Tab');
  await isFocused('Attach files');
  await keyboard.press('Enter');
  await (await chosen).setFiles([textFile('one.txt'), textFile('two.txt')]);
  await waitForTray(person, 'one.txt', 'two.txt');
  await person.page.waitForFunction(() => document.activeElement.matches('textarea'));
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  await isFocused('Remove two.txt');
  await keyboard.press('Shift+Tab');
  await isFocused('Remove one.txt');
  await keyboard.press('Enter');
  await isFocused('Remove two.txt');
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  assert.deepEqual(await waitUntilSent(person, path, 1), [['', 'two.txt']]);
  await attach(person, textFile('three.txt'));
  await waitForTray(person, 'three.txt');
  await person.button('Remove three.txt').press('Enter');
  await person.page.waitForFunction(() => document.activeElement.matches('textarea'));
});

test('attached files survive a reload and belong to their chat', async () => {
  const { person, path } = await personInChat('draft');
  await attach(person, textFile('kept.txt'));
  await waitForTray(person, 'kept.txt');
  await waitForLocalFiles(person, 'kept.txt');
  await person.page.reload();
  await waitForTray(person, 'kept.txt');
  await person.goHome();
  await person.startChat();
  assert.equal(await tray(person).isVisible(), false, 'another chat has its own files');
  await person.open(path);
  await waitForTray(person, 'kept.txt');
  await person.send('After all.');
  assert.deepEqual(await waitUntilSent(person, path, 1), [['After all.', 'kept.txt']]);
  await waitForLocalFiles(person);
});

test('editing a message hides the attached files', async () => {
  const { person } = await personInChat('edit');
  await person.send('Tea');
  await person.waitForMessage('Tea');
  await attach(person, textFile('later.txt'));
  await waitForTray(person, 'later.txt');
  await person.composer.press('ArrowUp');
  await person.button('Save').waitFor();
  await chooser(person).waitFor({ state: 'hidden' });
  await tray(person).waitFor({ state: 'hidden' });
  assert.ok(await dispatchFiles(person, 'drop', 'dropped.txt'), 'the browser does not open the file');
  await person.composer.press('Escape');
  await waitForTray(person, 'later.txt');
});

test('files sent offline arrive once after a reload', async () => {
  const { person, path } = await personInChat('offline');
  person.expectServerAbsence(path, 'INTERNET_DISCONNECTED');
  expectUploadErrors(person);
  await person.composer.fill('From the train.');
  await attach(person, textFile('notes.txt'), await picture(person));
  await waitForTray(person, 'notes.txt', 'photo.png');
  const cut = await stopUploads(person);
  await person.button('Send').click();
  await person.waitForUnsent('From the train.');
  await pendingFiles(person).filter({ hasText: 'notes.txt' }).waitFor();
  await waitForLocalFiles(person, 'notes.txt', 'photo.png');
  await person.send('Text is not held up.');
  await person.waitForMessage('Text is not held up.');
  await person.page.reload();
  await person.waitForUnsent('From the train.');
  await pendingFiles(person).filter({ hasText: 'photo.png' }).waitFor();
  cut.on = false;
  const stored = await waitUntilSent(person, path, 2);
  assert.deepEqual(stored, [['Text is not held up.'], ['From the train.', 'notes.txt', 'photo.png']]);
  await waitForLocalFiles(person);
});

// Drops uploads while `on` is true.
async function stopUploads(person) {
  const cut = { on: true };
  await person.context.route('**/api/chats/*/files/**', (route) => (cut.on ? route.abort() : route.continue()));
  return cut;
}

test('without a browser database files are sent all the same', async () => {
  const person = await fixture.newPerson('nobase');
  await person.context.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
  await person.signUpAndStart();
  const path = await person.startChat();
  await attach(person, textFile('kept.txt'));
  await waitForTray(person, 'kept.txt');
  await person.send('No database.');
  assert.deepEqual(await waitUntilSent(person, path, 1), [['No database.', 'kept.txt']]);
});

test('cancelled upload returns to the composer', async () => {
  const { person, path } = await personInChat('cancel');
  expectUploadErrors(person);
  const speedUp = await slowDown(person, 200_000);
  await person.composer.fill('Wait.');
  await attach(person, await largeFile('large.bin', 2 * MEGABYTE));
  await waitForTray(person, 'large.bin');
  await person.button('Send').click();
  const progress = person.page.getByRole('progressbar', { name: 'Upload of large.bin' });
  await progress.waitFor();
  await person.page.waitForFunction(() => document.querySelector('progress').value > 0.1);
  assert.deepEqual(await findAxeViolations(person.page), []);
  await person.button('Cancel').click();
  await waitForTray(person, 'large.bin');
  assert.equal(await person.composer.inputValue(), 'Wait.');
  assert.equal(await person.messages.count(), 0);
  await speedUp();
  await person.button('Send').click();
  assert.deepEqual(await waitUntilSent(person, path, 1), [['Wait.', 'large.bin']]);
});

test('upload is repeated after the connection broke', async () => {
  const { person, path } = await personInChat('broken');
  expectUploadErrors(person);
  let uploads = 0;
  await person.context.route('**/api/chats/*/files/**', async (route) => {
    uploads += 1;
    // The first one does not reach the server, of the second one only the answer is lost.
    if (uploads > 2) return route.continue();
    if (uploads === 2) await route.fetch();
    return route.abort('connectionreset');
  });
  await person.composer.fill('In the end.');
  await attach(person, textFile('once.txt'));
  await waitForTray(person, 'once.txt');
  await person.button('Send').click();
  assert.deepEqual(await waitUntilSent(person, path, 1), [['In the end.', 'once.txt']]);
  assert.equal(uploads, 3);
});

test('upload without space fails and can be discarded', async () => {
  const { person, path } = await personInChat('space', { size: PHONE });
  expectUploadErrors(person);
  await person.composer.fill('Much.');
  await attach(person, await largeFile('much.bin', SPACE + 1));
  await waitForTray(person, 'much.bin');
  await person.button('Send').click();
  const failed = await person.waitForMessage('Much.', { state: 'failed', own: true });
  await failed.getByText('Not sent: There’s no space left for files.').waitFor();
  await person.screenshot(screenshotPath('files-failed-phone'));
  assert.deepEqual(await findAxeViolations(person.page), []);
  assert.deepEqual(await findLayoutViolations(person.page), []);
  await failed.getByRole('button', { name: 'Retry' }).click();
  await person.waitForMessage('Much.', { state: 'failed', own: true });
  await failed.getByRole('button', { name: 'Delete' }).click();
  await failed.waitFor({ state: 'detached' });
  await waitForLocalFiles(person);
  assert.deepEqual(await storedMessages(person, path), []);
});

// Answers the first upload in place of the server, and returns the time and the file id of each.
async function refuseFirstUpload(person, problem) {
  expectUploadErrors(person);
  const uploads = [];
  await person.context.route('**/api/chats/*/files/**', (route) => {
    const id = new URL(route.request().url()).pathname.split('/')[5];
    uploads.push({ id, time: Date.now() });
    if (uploads.length > 1) return route.continue();
    const json = { type: 'about:blank', title: '', detail: '', ...problem };
    return route.fulfill({ status: problem.status, json });
  });
  return uploads;
}

test('files that the server will not take are edited', async () => {
  const { person, path } = await personInChat('again');
  const uploads = await refuseFirstUpload(person, { status: 422, code: 'file_not_found' });
  await person.composer.fill('Once more.');
  await attach(person, textFile('taken.txt'));
  await waitForTray(person, 'taken.txt');
  await person.button('Send').click();
  const failed = await person.waitForMessage('Once more.', { state: 'failed', own: true });
  await failed.getByText('Not sent: A file of this message is gone.').waitFor();
  assert.equal(await failed.getByRole('button', { name: 'Retry' }).count(), 0);
  // What is being written is not replaced.
  await person.composer.fill('Something else');
  await failed.getByRole('button', { name: 'Edit' }).click();
  await person.page.waitForFunction(() => document.activeElement.matches('textarea'));
  assert.equal(await person.composer.inputValue(), 'Something else');
  await person.composer.fill('');
  await failed.getByRole('button', { name: 'Edit' }).click();
  await waitForTray(person, 'taken.txt');
  assert.equal(await person.composer.inputValue(), 'Once more.');
  await person.button('Send').click();
  assert.deepEqual(await waitUntilSent(person, path, 1), [['Once more.', 'taken.txt']]);
  assert.notEqual(uploads[0].id, uploads[1].id);
});

test('upload keeps the pause that the server asks for', async () => {
  const { person, path } = await personInChat('pause');
  const refused = { status: 429, code: 'too_many_requests', retry_after: 2 };
  const uploads = await refuseFirstUpload(person, refused);
  const isRefused = person.page.waitForResponse((response) => response.status() === 429);
  await attach(person, textFile('slow.txt'));
  await waitForTray(person, 'slow.txt');
  await person.button('Send').click();
  await isRefused;
  await person.send('Meanwhile.');
  await person.waitForMessage('Meanwhile.');
  assert.deepEqual(await waitUntilSent(person, path, 2), [['Meanwhile.'], ['', 'slow.txt']]);
  assert.ok(uploads[1].time - uploads[0].time >= 2_000, JSON.stringify(uploads));
});

test('nothing is dropped into a closed chat', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('shut-owner', 'shut-member');
  await tray(other).waitFor({ state: 'attached' });
  await new Sidebar(owner).toggle('Closed');
  await other.page.getByText('This chat is closed. You can read it but not write.').waitFor();
  await dispatchFiles(other, 'dragover', 'dropped.txt');
  await dispatchFiles(other, 'drop', 'dropped.txt');
  const drafts = await other.page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith('/files')));
  assert.deepEqual(drafts, []);
});

test('file that is too large for this server fails', async () => {
  const { person, path } = await personInChat('large');
  expectUploadErrors(person);
  await attach(person, await largeFile('above.bin', FILE_LIMIT + 1));
  await waitForTray(person, 'above.bin');
  await person.button('Send').click();
  const failed = person.messages.and(person.page.locator('[data-state="failed"]'));
  await failed.getByText('Not sent: This is too large to send.').waitFor();
  await person.send('It goes on.');
  await person.waitForMessage('It goes on.');
  assert.deepEqual(await storedMessages(person, path), [['It goes on.']]);
});

test('files that the server lost are uploaded again', async () => {
  const { person, path } = await personInChat('lost');
  person.expectStatus('422 (Unprocessable Entity)', `/api${path}/messages/`);
  const cut = await person.cutOff();
  await person.page.reload();
  await person.composer.fill('Found.');
  await attach(person, textFile('lost.txt'));
  await waitForTray(person, 'lost.txt');
  await person.button('Send').click();
  await cut.dropped;
  await fixture.server.sql("DELETE FROM files WHERE name = 'lost.txt'");
  cut.on = false;
  await person.page.reload();
  assert.deepEqual(await waitUntilSent(person, path, 1), [['Found.', 'lost.txt']]);
});

test('another tab uploads what a closed one has left', async () => {
  const { person, path } = await personInChat('tabs');
  const tab = await fixture.newTab(person, 'tabs');
  expectUploadErrors(person);
  await tab.open(path);
  await tab.composer.waitFor();
  const cut = await stopUploads(person);
  await person.composer.fill('From the first.');
  await attach(person, textFile('shared.txt'));
  await waitForTray(person, 'shared.txt');
  await person.button('Send').click();
  await person.waitForUnsent('From the first.');
  await waitForLocalFiles(person, 'shared.txt');
  await person.page.close();
  cut.on = false;
  // From any page of the client.
  await tab.open('/chats');
  await tab.page.getByText('You: From the first.').waitFor();
  await tab.open(path);
  assert.deepEqual(await waitUntilSent(tab, path, 1), [['From the first.', 'shared.txt']]);
});

for (const [screen, size] of [['phone', PHONE], ['desktop', DESKTOP]]) {
  for (const theme of ['light', 'dark']) {
    test(`tray and upload look right (${screen}, ${theme})`, async () => {
      const { person } = await personInChat(`look-${screen}-${theme}`, { size, theme });
      expectUploadErrors(person);
      await person.send('I have the pictures.');
      await person.waitForMessage('I have the pictures.');
      const cut = await stopUploads(person);
      const name = 'A rather long name of a document for the meeting on Tuesday.pdf';
      await attach(person, await picture(person), textFile(name), await picture(person, 'b.png'));
      await waitForTray(person, 'photo.png', name, 'b.png');
      await person.page.waitForFunction(() => [...document.images].every((image) => image.complete));
      await person.composer.fill('These two, and the plan.');
      await person.screenshot(screenshotPath(`files-tray-${screen}-${theme}`));
      assert.deepEqual(await findAxeViolations(person.page), []);
      assert.deepEqual(await findLayoutViolations(person.page), []);
      await person.button('Send').click();
      await pendingFiles(person).filter({ hasText: name }).waitFor();
      await person.page.waitForFunction(() => [...document.images].every((image) => image.complete));
      await person.screenshot(screenshotPath(`files-uploading-${screen}-${theme}`));
      assert.deepEqual(await findAxeViolations(person.page), []);
      assert.deepEqual(await findLayoutViolations(person.page), []);
      cut.on = false;
    });
  }
}
