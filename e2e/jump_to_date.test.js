// Going to a day of a chat, far up or down.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findAxeViolations } from './axe.js';
import { DESKTOP, PHONE, Fixture, screenshotPath } from './fixture.js';
import { findLayoutViolations } from './layout.js';

const fixture = Fixture.install();

const COUNT = 150;
const TEXTS = Array.from({ length: COUNT }, (_, index) => `Leaf ${index + 1}.`);
const ZONE = { timeZone: 'Europe/London' };

const daysAgo = (days) => new Date(Date.now() - days * 86_400_000);
// As the field and as the page write a day.
const fieldValue = (days) => new Intl.DateTimeFormat('en-CA', ZONE).format(daysAgo(days));
const label = (days) =>
  new Intl.DateTimeFormat('en-GB', { ...ZONE, weekday: 'long', day: 'numeric', month: 'long' }).format(daysAgo(days));
const longDate = (days) =>
  new Intl.DateTimeFormat('en-GB', { ...ZONE, day: 'numeric', month: 'long', year: 'numeric' }).format(daysAgo(days));

// A person in a chat of which the first 60 messages are 40 days old, the next 50 ten days, and the rest of today.
async function newLongChat(name, options) {
  const person = await fixture.newPerson(name, options);
  await person.signUpAndStart();
  const path = await person.startChat();
  await person.postMany(path, TEXTS);
  await makeOlder(path, 40, 61);
  await makeOlder(path, 10, 111);
  await fixture.server.sql("UPDATE chats SET created_at = now() - interval '41 days'");
  await person.page.reload();
  await person.waitForMessage(`Leaf ${COUNT}.`);
  return { person, path };
}

// Makes the messages before this one older; those that are older already stay.
function makeOlder(path, days, before) {
  return fixture.server.sql(
    `UPDATE messages SET created_at = messages.created_at - interval '${days} days'
     FROM chats WHERE chats.id = chat_id AND uri = '${path.split('/').pop()}' AND messages.created_at > now() - interval '1 day'
       AND seq < (SELECT seq FROM messages AS first WHERE first.chat_id = chats.id AND first.message = 'Leaf ${before}.')`,
  );
}

class DateDialog {
  constructor(person) {
    Object.assign(this, { person, page: person.page, dialog: person.page.getByRole('dialog', { name: 'Jump to date' }) });
  }

  get field() {
    return this.dialog.getByLabel('Date', { exact: true });
  }

  button(name) {
    return this.dialog.getByRole('button', { name, exact: true });
  }

  async openFromMenu() {
    await this.person.button('More').click();
    await this.person.button('Jump to date').click();
    await this.dialog.waitFor();
  }

  async jumpTo(days) {
    await this.field.fill(fieldValue(days));
    await this.button('Jump').click();
    await this.dialog.waitFor({ state: 'detached' });
  }

  // Pixels between the top of the message list and the label of this day.
  async distanceFromTop(name) {
    const { y } = await this.person.log.getByRole('button', { name }).boundingBox();
    return y - (await this.person.log.boundingBox()).y;
  }

  // Waits until the label of this day has the focus and is in view, above this message.
  async waitForDay(name, firstText) {
    const focused = this.page.locator('.day-separator > button:focus');
    await focused.filter({ hasText: name }).waitFor();
    const { y } = await focused.boundingBox();
    const area = await this.person.log.boundingBox();
    assert.ok(y >= area.y && y < area.y + area.height, `${name} is in view`);
    const first = this.page.locator('.day-separator:has(> button:focus) + article');
    assert.ok((await first.innerText()).includes(firstText), `${firstText} is the first of ${name}`);
  }
}

test('label of a day leads to another day by keyboard', async () => {
  const { person } = await newLongChat('key-author');
  const dialog = new DateDialog(person);
  const today = person.log.getByRole('button', { name: 'Today' });
  await today.focus();
  await person.page.keyboard.press('Enter');
  await dialog.field.and(person.page.locator(':focus')).waitFor();
  assert.equal(await dialog.field.inputValue(), fieldValue(0));
  assert.equal(await dialog.field.getAttribute('max'), fieldValue(0));
  // Escape closes it, and the focus returns.
  await person.page.keyboard.press('Escape');
  await dialog.dialog.waitFor({ state: 'detached' });
  await today.and(person.page.locator(':focus')).waitFor();
  const before = person.requests.length;
  await person.page.keyboard.press('Enter');
  await dialog.field.fill(fieldValue(40));
  await person.page.keyboard.press('Enter');
  await dialog.waitForDay(label(40), 'Leaf 1.');
  const loaded = person.requests.slice(before).filter((request) => request.url().includes('/messages/?'));
  assert.ok(loaded.length <= 2, `what is between is not loaded: ${loaded.map((request) => request.url())}`);
  // From there, to a later day.
  await person.page.keyboard.press('Enter');
  assert.equal(await dialog.field.inputValue(), fieldValue(40));
  await dialog.jumpTo(10);
  await dialog.waitForDay(label(10), 'Leaf 61.');
  await person.screenshot(screenshotPath('jump-to-date'));
});

test('day without messages leads to the next one and says so', async () => {
  const { person, path } = await newLongChat('gap-author');
  const dialog = new DateDialog(person);
  await dialog.openFromMenu();
  await dialog.jumpTo(20);
  await person.waitForAlert(`No messages on ${longDate(20)}. The next ones are from ${longDate(10)}.`);
  await dialog.waitForDay(label(10), 'Leaf 61.');
  await person.screenshot(screenshotPath('jump-to-date-next'));
  // Nothing on that day or later: the view stays.
  await makeOlder(path, 5, COUNT);
  await fixture.server.sql("UPDATE messages SET created_at = created_at - interval '5 days' WHERE message = 'Leaf 150.'");
  await dialog.openFromMenu();
  await dialog.jumpTo(1);
  const before = await dialog.distanceFromTop(label(10));
  await person.waitForAlert(`No messages on ${longDate(1)} or later.`);
  assert.equal(await dialog.distanceFromTop(label(10)), before);
});

test('dialog closes when another chat is opened', async () => {
  const person = await fixture.newPerson('switching-author');
  await person.signUpAndStart();
  const first = await person.startChat();
  await person.goHome();
  const second = await person.startChat();
  await person.page.locator(`a[href="${first}"]`).click();
  await person.page.waitForURL(`**${first}`);
  const dialog = new DateDialog(person);
  await dialog.openFromMenu();
  await person.page.goBack();
  await person.page.waitForURL(`**${second}`);
  await dialog.dialog.waitFor({ state: 'detached' });
});

test('date that cannot be reached is explained', async () => {
  const { person, path } = await newLongChat('offline-author');
  const dialog = new DateDialog(person);
  await person.context.route('**/messages/?since=*', (route) => route.abort());
  person.expectFailedConnections('FAILED', `/api${path}/messages/`);
  await dialog.openFromMenu();
  await dialog.jumpTo(40);
  await person.waitForAlert('Can’t reach the server.');
  await person.context.unroute('**/messages/?since=*');
  // A day before the chat is refused by the field.
  await dialog.openFromMenu();
  await dialog.field.fill('1999-12-31');
  await dialog.button('Jump').click();
  assert.equal(await dialog.field.evaluate((field) => field.validity.rangeUnderflow), true);
  await dialog.button('Cancel').click();
  await dialog.dialog.waitFor({ state: 'detached' });
  await dialog.openFromMenu();
  await dialog.jumpTo(40);
  await dialog.waitForDay(label(40), 'Leaf 1.');
});

for (const [device, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`oldest and newest are one step away: ${device}, ${theme}`, () => showEnds(device, size, theme));
  }
}

async function showEnds(device, size, theme) {
  const { person } = await newLongChat(`ends-${device}-${theme}`, { size, theme });
  const dialog = new DateDialog(person);
  const press = (button) => (device === 'phone' ? button.tap() : button.click());
  await press(person.button('More'));
  await person.button('Jump to date').waitFor();
  await person.screenshot(screenshotPath(`jump-menu-${device}-${theme}`));
  await press(person.button('Jump to date'));
  await dialog.dialog.waitFor();
  await person.screenshot(screenshotPath(`jump-dialog-${device}-${theme}`));
  assert.deepEqual(await findAxeViolations(person.page), []);
  assert.deepEqual(await findLayoutViolations(person.page), []);
  await press(dialog.button('Oldest message'));
  await dialog.waitForDay(label(40), 'Leaf 1.');
  await press(person.page.locator('.day-separator > button:focus'));
  await dialog.dialog.waitFor();
  await press(dialog.button('Newest message'));
  await person.waitForMessage(`Leaf ${COUNT}.`);
  await person.button('Jump to latest').waitFor({ state: 'hidden' });
  assert.ok(await person.messages.last().isVisible());
  assert.deepEqual(await findAxeViolations(person.page), []);
}
