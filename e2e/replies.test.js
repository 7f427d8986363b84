// Replies to messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PHONE, Fixture, screenshotPath } from './fixture.js';
import { Touch } from './touch.js';

const fixture = Fixture.install();

test('reply quotes its message and leads to it', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('reply-owner', 'reply-member', { size: PHONE, theme: 'dark' });
  await other.send('Tea at **four**?');
  await owner.choose(await owner.waitForMessage('Tea at four?'), 'Reply');
  await owner.page.getByText('Replying to reply-member').waitFor();
  assert.ok(await owner.composer.evaluate((field) => field === document.activeElement), 'the composer has the focus');
  await owner.composer.fill('Yes, gladly.');
  await owner.screenshot(screenshotPath('reply'));
  await owner.composer.press('Enter');
  assert.equal(await owner.page.getByText('Replying to').count(), 0);
  const reply = await other.waitForMessage('Yes, gladly.');
  const quote = reply.locator('.quote');
  await quote.filter({ hasText: /You\s*Tea at four\?/ }).waitFor();
  await other.screenshot(screenshotPath('reply-phone'));
  await quote.click();
  const quoted = other.messages.filter({ hasText: 'Tea at four?' }).first();
  await quoted.and(other.page.locator('.highlighted:focus')).waitFor();
  // The quote follows an edit and a deletion.
  await other.composer.press('ArrowUp');
  await other.composer.fill('Tea at five?');
  await other.button('Save').click();
  const own = await owner.waitForMessage('Yes, gladly.');
  await own.getByText('Tea at five?').waitFor();
  await other.choose(other.messages.filter({ hasText: 'Tea at five?' }).first(), 'Delete');
  await other.page.reload();
  await own.locator('.quote').getByText('Message deleted').waitFor();
});

test('message swiped to the left is replied to', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('swipe-owner', 'swipe-member', { size: PHONE, theme: 'light' });
  const message = await other.waitForMessage('Welcome.');
  const { x, y, width, height } = await message.boundingBox();
  const [right, middle] = [x + width - 40, y + height / 2];
  const touch = await Touch.create(other);
  const replies = other.page.getByText('Replying to swipe-owner');
  // Not far enough, up, and to the right.
  await touch.swipe([right, middle], [right - 40, middle]);
  await touch.swipe([right, middle], [right - 60, middle - 200]);
  await touch.swipe([right - 200, middle], [right, middle]);
  assert.equal(await replies.count(), 0);
  await touch.send('touchStart', [[right, middle]]);
  for (const distance of [20, 60, 90, 120]) await touch.send('touchMove', [[right - distance, middle]]);
  await message.and(other.page.locator('.swiped-far')).waitFor();
  await other.screenshot(screenshotPath('reply-swipe'));
  await touch.send('touchEnd', []);
  await replies.waitFor();
  assert.equal(await other.page.locator('.swiped, .swipe-icon').count(), 0);
  await other.composer.fill('Hello!');
  await other.button('Send').tap();
  const reply = await owner.waitForMessage('Hello!');
  await reply.locator('.quote').filter({ hasText: /You\s*Welcome\./ }).waitFor();
  // Code scrolls sideways instead.
  await owner.send(`\`\`\`\n${'tea '.repeat(100)}\n\`\`\``);
  const code = other.page.locator('pre');
  await code.waitFor();
  const { x: left, y: top } = await code.boundingBox();
  await touch.swipe([left + 180, top + 10], [left + 20, top + 10]);
  await other.page.waitForFunction(() => document.querySelector('pre').scrollLeft > 0);
  assert.equal(await replies.count(), 0);
  // While messages are selected, a swipe does nothing.
  const own = await other.waitForMessage('Hello!');
  await other.choose(own, 'Select');
  const box = await own.boundingBox();
  await touch.swipe([box.x + box.width - 20, box.y + 20], [box.x + box.width - 150, box.y + 20]);
  await other.page.getByRole('group', { name: 'Selected messages' }).waitFor();
  await other.button('Cancel').tap();
  await other.page.getByText('Replying to').waitFor({ state: 'detached' });
});

test('reply under way survives a reload, Escape leaves it', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('esc-owner', 'esc-member');
  await other.choose(await other.waitForMessage('Welcome.'), 'Reply');
  await other.composer.fill('Thank you!');
  await other.page.reload();
  await other.page.getByText('Replying to esc-owner').waitFor();
  assert.equal(await other.composer.inputValue(), 'Thank you!');
  await other.composer.press('Escape');
  await other.page.getByText('Replying to').waitFor({ state: 'detached' });
  await other.composer.press('Enter');
  const message = await owner.waitForMessage('Thank you!');
  assert.equal(await message.locator('.quote').count(), 0);
});

test('reply that waits for the connection survives a reload', async () => {
  const { owner, other } = await fixture.newOwnerAndMember('wait-owner', 'wait-member');
  const cut = await other.cutOff();
  await other.page.reload();
  await other.choose(await other.waitForMessage('Welcome.'), 'Reply');
  await other.composer.fill('Here I am.');
  await other.composer.press('Enter');
  const waiting = await other.waitForMessage('Here I am.', { state: 'sending' });
  await waiting.locator('.quote').filter({ hasText: /wait-owner\s*Welcome\./ }).waitFor();
  await cut.dropped;
  await other.page.reload();
  await other.waitForMessage('Here I am.', { state: 'sending' });
  cut.on = false;
  await other.page.reload();
  await other.waitForMessage('Here I am.');
  const reply = await owner.waitForMessage('Here I am.');
  await reply.locator('.quote').getByText('Welcome.').waitFor();
});

test('quote of an old message is loaded and leads there', async () => {
  const { owner, other, path } = await fixture.newOwnerAndMember('old-owner', 'old-member');
  await owner.postMany(path, Array.from({ length: 19 }, (_, index) => `filler ${index}`));
  await other.postMany(path, Array.from({ length: 19 }, (_, index) => `more ${index}`));
  await other.choose(await other.waitForMessage('Welcome.'), 'Reply');
  await other.composer.fill('An old story');
  await other.composer.press('Enter');
  await other.waitForMessage('An old story');
  await owner.waitForMessage('An old story');
  const third = await fixture.newPerson('old-third');
  await third.signUpAndStart();
  await third.openAndJoin(path);
  await third.postMany(path, Array.from({ length: 18 }, (_, index) => `still more ${index}`));
  await third.page.reload();
  const reply = await third.waitForMessage('An old story');
  await reply.locator('.quote').filter({ hasText: /old-owner\s*Welcome\./ }).click();
  await third.messages.filter({ hasText: 'Welcome.' }).and(third.page.locator('.highlighted:focus')).waitFor();
  assert.ok((await third.distanceFromTop('filler 0')) > 0, 'the message is in view');
});
