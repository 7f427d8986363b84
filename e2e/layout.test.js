// Layout under conditions that screenshots do not show: forced colours, print, a growing composer, names in other scripts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture } from './fixture.js';
import { waitForFrames } from './layout.js';
import { Sidebar } from './sidebar.js';

const RTL_NAME = 'نور الهاشمي';

const fixture = Fixture.install();

async function startChatWithMessages(person, count) {
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.postMany(path, Array.from({ length: count }, (_, index) => `Message ${index + 1}.`));
  await person.waitForMessage(`Message ${count}.`);
  return path;
}

function distanceFromEnd(person) {
  return person.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
}

test('growing composer keeps the end of the chat in view', async () => {
  for (const size of [PHONE, { width: 1280, height: 800 }]) {
    const ada = await fixture.newPerson(`ada.${size.width}`, { size });
    await startChatWithMessages(ada, 40);
    await ada.composer.pressSequentially('one');
    const { height } = await ada.composer.boundingBox();
    for (const line of ['two', 'three', 'four', 'five', 'six', 'seven']) {
      await ada.composer.press('Shift+Enter');
      await ada.composer.pressSequentially(line);
      await waitForFrames(ada.page);
      assert.equal(await distanceFromEnd(ada), 0, `after line “${line}”`);
    }
    assert.equal((await ada.composer.boundingBox()).height, height + 6 * 24, 'seven lines are shown');
    await ada.composer.press('Backspace');
    assert.equal(await ada.button('Jump to latest').isVisible(), false);
    await ada.composer.fill('one');
    await waitForFrames(ada.page);
    assert.equal((await ada.composer.boundingBox()).height, height, 'the composer shrinks');
    assert.equal(await distanceFromEnd(ada), 0);
    await ada.composer.fill('long\n'.repeat(100));
    await waitForFrames(ada.page);
    assert.ok((await ada.composer.boundingBox()).height <= 0.4 * size.height + 1, 'at most 40 % of the screen');
    assert.equal(await distanceFromEnd(ada), 0);
  }
});

test('messages that arrive at once keep the end of the chat in view', async () => {
  const gus = await fixture.newPerson('gus', { size: PHONE });
  const path = await startChatWithMessages(gus, 20);
  await Promise.all(Array.from({ length: 30 }, (_, index) => gus.postMany(path, [`At once ${index}.`])));
  await gus.page.waitForFunction(() => document.querySelectorAll('#app article').length >= 50);
  await waitForFrames(gus.page);
  assert.equal(await distanceFromEnd(gus), 0);
  assert.equal(await gus.button('Jump to latest').isVisible(), false);
});

test('forced colors show controls and their states', async () => {
  const brian = await fixture.newPerson('brian');
  await brian.page.emulateMedia({ forcedColors: 'active' });
  await brian.open('/auth');
  await brian.button('Sign Up').waitFor();
  await checkForcedColors(brian.page, '.primary, [role=tab]', '[aria-selected=true]', '[aria-selected=false]');
  await brian.signUpAndStart();
  await brian.startChat();
  await brian.send('Hello');
  await brian.goHome();
  await brian.startChat();
  await brian.chatList.links.nth(1).waitFor();
  await checkForcedColors(brian.page, '.primary, .send', '.chat-row[aria-current]', '.chat-row:not([aria-current])');
  await brian.chatList.muteOpenChat();
  await brian.button('More').click();
  await checkForcedColors(brian.page, '.switch > input', '.segment > :checked + span', '.segment > :not(:checked) + span');
});

// In forced colours, only borders are left of shapes, and only system colours mark what is selected.
async function checkForcedColors(page, shapes, selected, other) {
  const styles = (selector, property) => {
    const found = page.locator(`:is(${selector}):visible`);
    return found.evaluateAll((elements, property) => elements.map((it) => getComputedStyle(it)[property]), property);
  };
  const borders = await styles(shapes, 'borderTopStyle');
  assert.deepEqual(new Set(borders), new Set(['solid']), shapes);
  const [marked, unmarked] = [await styles(selected, 'backgroundColor'), await styles(other, 'backgroundColor')];
  assert.ok(marked.length > 0 && unmarked.length > 0, selected);
  for (const color of marked) assert.ok(!unmarked.includes(color), `${selected} is not marked`);
}

test('print shows every loaded message and no controls', async () => {
  const cleo = await fixture.newPerson('cleo', { theme: 'dark' });
  await startChatWithMessages(cleo, 60);
  await new Sidebar(cleo).open('People');
  const pdf = (await cleo.page.pdf()).toString('latin1');
  const pages = pdf.match(/\/Type\s*\/Page\b/g).length;
  assert.ok(pages > 1, `${pages} page`);

  await cleo.page.emulateMedia({ media: 'print' });
  const log = await cleo.log.evaluate((log) => log.scrollHeight - log.clientHeight);
  assert.equal(log, 0, 'the list is not cut off');
  assert.ok(await cleo.messages.filter({ hasText: 'Message 1.' }).isVisible());
  for (const control of ['header', '.composer', '.sidebar', 'nav']) {
    assert.equal(await cleo.page.locator(control).isVisible(), false, control);
  }
  const color = await cleo.messages.last().locator('.bubble').evaluate((bubble) => getComputedStyle(bubble).color);
  assert.equal(color, 'rgb(17, 22, 30)', 'text is dark on paper');
});

test('right-to-left names start where others start', async () => {
  const dan = await fixture.newPerson('dan', { size: PHONE });
  await dan.signUpAndStart();
  const path = await dan.startChat();
  const nour = await fixture.newPerson('nour');
  await nour.open(path);
  await nour.field('Your name').fill(RTL_NAME);
  await nour.button('Join the chat').click();
  await nour.send('No spoilers, please, until everyone has seen the last episode of the season, and then only here.');
  await dan.waitForMessage('No spoilers');
  await dan.waitForHeading(RTL_NAME);
  const header = dan.page.getByRole('heading', { name: RTL_NAME });
  assert.ok((await distanceBetween(dan.page.locator('.chat-title .avatar').first(), header.locator('bdi'))) < 20);
  const sidebar = new Sidebar(dan);
  await sidebar.open('People');
  const row = sidebar.row(RTL_NAME);
  assert.ok((await distanceBetween(row.locator('.avatar'), row.locator('bdi'))) < 20);
  await sidebar.close();
  await dan.goHome();
  const link = dan.chatList.linkTo(path);
  const avatar = link.locator('.avatar');
  for (const name of ['.chat-name', '.last-author']) assert.ok((await distanceBetween(avatar, link.locator(name))) < 20, name);
  const [author, text] = await Promise.all(['.last-author', '[dir=auto]'].map((part) => link.locator(part).boundingBox()));
  assert.ok(author.x + author.width <= text.x, 'the text is right of the name');
});

// Pixels from an element to the text right of it.
async function distanceBetween(element, text) {
  const { x, width } = await element.boundingBox();
  const left = await text.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect().left;
  });
  return left - x - width;
}

test('hovering changes no button on a touch screen', async () => {
  const finn = await fixture.newPerson('finn', { size: PHONE });
  await finn.signUpAndStart();
  await finn.startChat();
  // As browsers do after a tap.
  await finn.button('Send').hover();
  const send = finn.page.locator('.send:hover');
  assert.equal(await send.evaluate((send) => getComputedStyle(send).filter), 'none');
});

test('waiting message is lighter than a sent one', async () => {
  const eve = await fixture.newPerson('eve');
  await eve.cutOff();
  await eve.signUpAndStart();
  await eve.startChat();
  await eve.send('Later');
  await eve.waitForUnsent('Later');
  const opacity = await eve.messages.last().locator('.bubble').evaluate((bubble) => Number(getComputedStyle(bubble).opacity));
  assert.ok(opacity < 1);
});
