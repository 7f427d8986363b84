// Files in messages: how they are shown, opened and downloaded.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { findAxeViolations } from './axe.js';
import { DESKTOP, Fixture, PHONE, screenshotPath } from './fixture.js';
import { findLayoutViolations, waitForFrames } from './layout.js';
import { DOCUMENT, animation, picture, post, sound, video } from './sample_files.js';
import { Sidebar } from './sidebar.js';
import { Touch } from './touch.js';

const fixture = Fixture.install();

const withFile = (person, name) => person.messages.filter({ has: person.page.locator(`.file [alt="${name}"], .file [title="${name}"]`) });
const photo = (person, name) => person.log.getByRole('button', { name, exact: true });
const viewer = (person) => person.page.getByRole('dialog', { name: 'Photos and videos' });
const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);
const isLoaded = (image) => image.evaluate((image) => image.complete && image.naturalWidth > 0);

// Waits until the picture is shown.
async function waitForPicture(image) {
  await image.waitFor();
  await image.evaluate((image) => image.decode());
}

// Waits until the viewer shows the picture so much larger.
function waitForScale(person, least, most = Infinity) {
  return person.page.waitForFunction(
    ([least, most]) => {
      const { transform } = getComputedStyle(document.querySelector('.viewer-stage img'));
      const scale = new DOMMatrix(transform).a;
      return least <= scale && scale <= most;
    },
    [least, most],
  );
}

for (const [device, size, theme] of [['phone', PHONE, 'dark'], ['desktop', DESKTOP, 'light']]) {
  test(`files are shown in boxes of their size: ${device}`, async () => {
    const { owner, other, path } = await fixture.newOwnerAndMember(`show-${device}`, `see-${device}`, { size, theme });
    await post(owner, path, 'The garden this morning.', ['garden.jpg', await picture(owner.page, 1200, 800)]);
    await post(owner, path, '', ['tall.png', await picture(owner.page, 300, 900, 'image/png')]);
    const pictures = [];
    for (const index of [1, 2, 3]) pictures.push([`set-${index}.jpg`, await picture(owner.page, 640, 480)]);
    await post(other, path, 'All of them:', ...pictures);
    await post(owner, path, '', ['clip.webm', await video(owner.page)]);
    await post(owner, path, '', ['tone.wav', sound()], ['The plan for the whole of next year.pdf', DOCUMENT]);
    await post(other, path, 'And mine.', ['plan.pdf', DOCUMENT]);
    await waitForPicture(photo(other, 'garden.jpg').locator('img'));
    await waitForPicture(photo(other, 'set-3.jpg').locator('img'));
    await other.page.locator('video').evaluate((video) => video.readyState > 0 || new Promise((resolve) => (video.onloadedmetadata = resolve)));
    await other.page.locator('audio').evaluate((audio) => audio.readyState > 0 || new Promise((resolve) => (audio.onloadedmetadata = resolve)));
    const box = await photo(other, 'garden.jpg').boundingBox();
    assert.ok(Math.abs(box.width / box.height - 1.5) < 0.02 && box.width <= 360, JSON.stringify(box));
    await other.screenshot(screenshotPath(`files-end-${device}`));
    assert.deepEqual(await findLayoutViolations(other.page), []);
    assert.deepEqual(await findAxeViolations(other.page), []);
    await withFile(other, 'garden.jpg').scrollIntoViewIfNeeded();
    await waitForFrames(other.page);
    await other.screenshot(screenshotPath(`files-start-${device}`));
    // A message without text has no empty line, and no text to copy.
    const tall = withFile(other, 'tall.png');
    assert.equal(await tall.locator('.bubble > p').count(), 0);
    await tall.hover();
    await tall.getByRole('button', { name: 'Message options' }).click();
    await tall.getByRole('button', { name: 'Copy link' }).waitFor();
    assert.equal(await tall.getByRole('button', { name: 'Copy text' }).count(), 0);
    await other.page.keyboard.press('Escape');
  });
}

test('rows keep their height while files load', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('shift-owner', 'shift-member');
  await post(owner, path, 'Two.', ['a.jpg', await picture(owner.page, 800, 600)], ['b.jpg', await picture(owner.page, 600, 800)]);
  await post(owner, path, '', ['one.jpg', await picture(owner.page, 900, 500)]);
  await post(owner, path, '', ['clip.webm', await video(owner.page)], ['tone.wav', sound()], ['plan.pdf', DOCUMENT]);
  await post(owner, path, 'x'.repeat(3_000), ['long.jpg', await picture(owner.page, 500, 500)]);
  await waitForPicture(photo(other, 'long.jpg').locator('img'));
  const heights = () => other.messages.evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await other.page.route('**/split_tools.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await other.page.reload();
  await other.messages.nth(4).waitFor();
  await waitForFrames(other.page);
  const before = await heights();
  release();
  await waitForPicture(photo(other, 'long.jpg').locator('img'));
  await other.page.locator('audio').waitFor();
  await waitForFrames(other.page);
  assert.deepEqual(await heights(), before);
  // The long text is folded below the picture.
  const long = withFile(other, 'long.jpg');
  await long.getByRole('button', { name: 'Show more' }).click();
  await long.getByRole('button', { name: 'Show less' }).waitFor();
});

test('skeleton reserves the space of files', async () => {
  const { owner, path } = await fixture.newOwnerAndMember('bones-owner', 'bones-member');
  await post(owner, path, 'One.', ['one.jpg', await picture(owner.page, 900, 500)], ['plan.pdf', DOCUMENT]);
  await post(owner, path, '', ['clip.webm', await video(owner.page)]);
  await withFile(owner, 'clip.webm').waitFor();
  const tab = await fixture.newTab(owner, 'bones-owner');
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await tab.page.route('**/chat_bg.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await tab.open(path);
  const heights = (root) => tab.page.locator(`${root} .bubble`).evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));
  await tab.page.locator('#skeleton .file.video').waitFor();
  const before = await heights('#skeleton');
  release();
  await withFile(tab, 'clip.webm').waitFor();
  assert.deepEqual(await heights('#app'), before);
});

test('animation moves unless motion is reduced', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('gif-owner', 'gif-member');
  await post(owner, path, '', ['wave.gif', animation()]);
  const image = photo(other, 'wave.gif').locator('img');
  await waitForPicture(image);
  assert.match(await image.getAttribute('src'), /size=preview/);
  await other.page.emulateMedia({ reducedMotion: 'no-preference' });
  await other.page.reload();
  await waitForPicture(image);
  assert.match(await image.getAttribute('src'), /size=full/);
});

test('file is downloaded under its name', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('load-owner', 'load-member');
  await post(owner, path, '', ['Größe (1).pdf', DOCUMENT]);
  const link = other.log.getByRole('link', { name: /^Download Größe/ });
  const [download] = await Promise.all([other.page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'Größe (1).pdf');
  assert.deepEqual(await readFile(await download.path()), DOCUMENT);
  assert.equal(other.path, path);
});

test('photos are viewed by keyboard', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('view-owner', 'view-member');
  await post(owner, path, '', ['one.jpg', await picture(owner.page, 1600, 900)], ['two.jpg', await picture(owner.page, 500, 900)]);
  await post(owner, path, 'And a film.', ['clip.webm', await video(owner.page)]);
  await waitForPicture(photo(other, 'one.jpg').locator('img'));
  await photo(other, 'one.jpg').focus();
  await other.page.keyboard.press('Enter');
  await viewer(other).waitFor();
  const image = viewer(other).getByRole('img');
  await waitForPicture(image);
  await viewer(other).getByText('1 of 3: one.jpg').waitFor();
  await viewer(other).getByText('view-owner · ').waitFor();
  assert.match(await image.getAttribute('src'), /size=full/);
  assert.deepEqual(await findAxeViolations(other.page), []);
  await other.screenshot(screenshotPath('viewer-desktop'));
  await other.page.keyboard.press('+');
  await waitForScale(other, 1.4);
  await other.page.keyboard.press('0');
  await waitForScale(other, 1, 1);
  await image.dblclick();
  await waitForScale(other, 2);
  // The arrow keys move a photo that is zoomed, as far as there is more of it.
  await other.page.keyboard.press('ArrowRight');
  await other.page.waitForFunction(() => new DOMMatrix(getComputedStyle(document.querySelector('.viewer-stage img')).transform).e === -80);
  await viewer(other).getByText('1 of 3: one.jpg').waitFor();
  await other.page.keyboard.press('0');
  await other.page.keyboard.press('ArrowRight');
  await viewer(other).getByText('2 of 3: two.jpg').waitFor();
  await waitForPicture(image);
  await waitForScale(other, 1, 1);
  const [download] = await Promise.all([other.page.waitForEvent('download'), viewer(other).getByRole('link', { name: 'Download' }).click()]);
  assert.equal(download.suggestedFilename(), 'two.jpg');
  await other.page.keyboard.press('ArrowRight');
  await viewer(other).locator('video').waitFor();
  await other.page.keyboard.press('ArrowRight');
  await viewer(other).getByText('3 of 3: clip.webm').waitFor();
  await other.page.keyboard.press('ArrowLeft');
  await viewer(other).getByText('2 of 3: two.jpg').waitFor();
  const next = viewer(other).getByRole('button', { name: 'Next' });
  await next.press('Enter');
  await viewer(other).getByText('3 of 3: clip.webm').waitFor();
  await waitForFrames(other.page);
  assert.ok(await isFocused(next), 'the button keeps the focus at the end');
  await other.page.keyboard.press('ArrowLeft');
  await viewer(other).getByText('2 of 3: two.jpg').waitFor();
  await other.page.keyboard.press('Escape');
  await viewer(other).waitFor({ state: 'detached' });
  assert.ok(await isFocused(photo(other, 'one.jpg')), 'the photo has the focus again');
});

test('photos are viewed by touch', async () => {
  const settings = { size: PHONE, theme: 'dark' };
  const { owner, other, path } = await fixture.newOwnerAndMember('touch-owner', 'touch-member', settings);
  await post(owner, path, '', ['one.jpg', await picture(owner.page, 900, 1600)], ['two.jpg', await picture(owner.page, 1600, 900)]);
  await waitForPicture(photo(other, 'one.jpg').locator('img'));
  await photo(other, 'one.jpg').tap();
  await waitForPicture(viewer(other).getByRole('img'));
  await other.screenshot(screenshotPath('viewer-phone'));
  const touch = await Touch.create(other);
  await touch.swipe([300, 400], [100, 410]);
  await viewer(other).getByText('2 of 2: two.jpg').waitFor();
  await touch.swipe([100, 400], [300, 410]);
  await viewer(other).getByText('1 of 2: one.jpg').waitFor();
  const image = viewer(other).getByRole('img');
  await waitForPicture(image);
  // Two fingers zoom; then one moves the photo, and swipes no more.
  await touch.move([[150, 400], [100, 400], [60, 400]], [[240, 400], [290, 400], [330, 400]]);
  await waitForScale(other, 2);
  await touch.swipe([300, 400], [100, 410]);
  await viewer(other).getByText('1 of 2: one.jpg').waitFor();
  await viewer(other).getByRole('button', { name: 'Close' }).click();
  await viewer(other).waitFor({ state: 'detached' });
  await photo(other, 'two.jpg').click();
  await viewer(other).getByText('2 of 2: two.jpg').waitFor();
  await waitForPicture(image);
  await touch.swipe([200, 300], [205, 500]);
  await viewer(other).waitFor({ state: 'detached' });
});

test('refused token is renewed once, and a file may be gone', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('token-owner', 'token-member');
  const { files } = await post(owner, path, '', ['one.jpg', await picture(owner.page, 640, 480)], ['two.jpg', await picture(owner.page, 640, 480)]);
  const image = photo(other, 'one.jpg').locator('img');
  await waitForPicture(image);
  const filePaths = files.map(({ id }) => `/api${path}/files/${id}/`);
  other.expectStatus('401 (Unauthorized)', ...filePaths);
  other.expectStatus('404 (Not Found)', ...filePaths);
  const tokens = () => other.requests.filter((request) => request.url().endsWith('/file_tokens/')).length;
  assert.equal(tokens(), 1);
  // The first token is one that the server does not know any more.
  let isOutdated = true;
  await other.page.route('**/file_tokens/', async (route) => {
    const response = await route.fetch();
    const token = await response.json();
    if (isOutdated) token.token = 'outdated';
    isOutdated = false;
    await route.fulfill({ response, json: token });
  });
  await other.page.reload();
  await waitForPicture(image);
  await waitForPicture(photo(other, 'two.jpg').locator('img'));
  assert.equal(tokens(), 3);
  // One file is gone, the other comes back.
  const status = { [files[0].id]: 404, [files[1].id]: 500 };
  other.expectStatus('500 (Internal Server Error)', ...filePaths);
  await other.page.route('**/files/*/?*', (route) => {
    const id = new URL(route.request().url()).pathname.split('/')[5];
    return status[id] ? route.fulfill({ status: status[id], body: '{}' }) : route.continue();
  });
  await other.page.reload();
  const message = other.messages.last();
  await message.getByText('This file is gone.').waitFor();
  await message.getByText('This file couldn’t be loaded.').waitFor();
  assert.equal(await message.getByRole('alert').count(), 0, 'only what was asked for is announced');
  await other.screenshot(screenshotPath('files-failed'));
  assert.deepEqual(await findAxeViolations(other.page), []);
  await message.getByRole('button', { name: 'Try again' }).click();
  await message.getByRole('alert').filter({ hasText: 'This file couldn’t be loaded.' }).waitFor();
  delete status[files[1].id];
  await message.getByRole('button', { name: 'Try again' }).click();
  await waitForPicture(photo(other, 'two.jpg').locator('img'));
  assert.ok(await isLoaded(photo(other, 'two.jpg').locator('img')));
});

test('photo is loaded again after the network failed', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('fault-owner', 'fault-member');
  const { files } = await post(owner, path, '', ['one.jpg', await picture(owner.page, 640, 480)]);
  const image = photo(other, 'one.jpg').locator('img');
  await waitForPicture(image);
  other.expectFailedConnections('CONNECTION_RESET', `/api${path}/files/${files[0].id}/`);
  let faults = 0;
  await other.page.route('**/files/*/?*', (route) => {
    faults += 1;
    return faults > 1 ? route.continue() : route.abort('connectionreset');
  });
  await other.page.reload();
  await image.waitFor();
  await other.page.waitForFunction(() => document.querySelector('.file img').naturalWidth > 0);
  assert.ok(faults > 1);
  assert.equal(await other.messages.last().getByText('This file couldn’t be loaded.').count(), 0);
});

test('sound goes on while its message changes', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('play-owner', 'play-member');
  await post(owner, path, 'Listen.', ['tone.wav', sound()]);
  const audio = other.page.locator('audio');
  await audio.evaluate((audio) => {
    Object.assign(audio, { muted: true, loop: true });
    audio.onpause = () => (audio.dataset.wasPaused = 'true');
    return audio.play();
  });
  const message = await owner.waitForMessage('Listen.');
  await owner.choose(message, 'Pin');
  await other.messages.last().getByText('Pinned', { exact: true }).waitFor({ state: 'attached' });
  await waitForFrames(other.page);
  assert.ok(await audio.evaluate((audio) => !audio.paused && !audio.dataset.wasPaused));
});

test('message of files alone is named after them', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('name-owner', 'name-member');
  await other.goHome();
  await post(owner, path, '', ['beach.jpg', await picture(owner.page, 640, 480)]);
  await other.chatList.linkTo(path).getByText('📷 Photo').waitFor();
  await post(owner, path, '', ['plan.pdf', DOCUMENT]);
  await other.chatList.linkTo(path).getByText('📎 plan.pdf').waitFor();
  await other.chatList.linkTo(path).click();
  const message = withFile(other, 'beach.jpg');
  await waitForPicture(photo(other, 'beach.jpg').locator('img'));
  await other.choose(message, 'Reply');
  await other.page.locator('#composer-context').getByText('📷 Photo').waitFor();
  await other.send('Lovely!');
  const reply = await owner.waitForMessage('Lovely!');
  await reply.getByRole('button', { name: '📷 Photo' }).waitFor();
  await post(owner, path, '', ['a.pdf', DOCUMENT], ['b.pdf', DOCUMENT]);
  await other.waitForAnnouncement('name-owner: 📎 2 files');
  await owner.choose(withFile(owner, 'beach.jpg'), 'Pin');
  const sidebar = new Sidebar(other);
  await sidebar.open('Pinned');
  await other.page.locator('.pins li').filter({ hasText: '📷 Photo' }).waitFor();
  await sidebar.close();
  await other.page.getByRole('button', { name: 'Search', exact: true }).click();
  await other.page.getByRole('searchbox', { name: 'Search messages' }).fill('has:image');
  const found = other.page.locator('.search-result').filter({ hasText: '📷 Photo' });
  await found.click();
  await other.page.locator('article.highlighted').filter({ has: other.page.getByAltText('beach.jpg') }).waitFor();
});

test('deleted message shows nothing of its files', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('gone-owner', 'gone-member');
  const { files } = await post(owner, path, '', ['oops.jpg', await picture(owner.page, 640, 480)]);
  await waitForPicture(photo(other, 'oops.jpg').locator('img'));
  const own = withFile(owner, 'oops.jpg');
  await own.getByAltText('oops.jpg').waitFor();
  await owner.choose(own, 'Delete');
  await owner.messages.last().getByText('Message deleted').waitFor();
  assert.equal(await owner.page.locator('.file').count(), 0);
  await other.messages.last().getByText('1 message deleted').or(other.messages.last().getByText('Message deleted')).waitFor();
  assert.equal(await other.page.locator('.file').count(), 0);
  const status = await other.page.evaluate(async (url) => {
    const response = await fetch(url, { headers: { Authorization: `JWT ${sessionStorage.authToken}` } });
    return response.status;
  }, `/api${path}/files/${files[0].id}/`);
  assert.equal(status, 404);
  other.expectStatus('404 (Not Found)', `/api${path}/files/${files[0].id}/`);
});

test('removed member gets no file', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('out-owner', 'out-member');
  await post(owner, path, '', ['secret.jpg', await picture(owner.page, 640, 480)]);
  const image = photo(other, 'secret.jpg').locator('img');
  await waitForPicture(image);
  const url = await image.evaluate(({ src }) => src);
  await new Sidebar(owner).act('Remove', 'out-member');
  await other.waitForHeading('You were removed from this chat');
  const response = await fetch(url);
  assert.ok([401, 403, 404].includes(response.status), `${response.status}`);
});
