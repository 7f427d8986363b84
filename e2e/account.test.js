// What is one's own: how one signs in, where one is signed in, and the way out.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { nextCode, oneTimeCode } from './one_time_code.js';
import { PHONE, Stage, artifact } from './stage.js';

const stage = Stage.forThisFile();

const PASSWORD = 'plum jam on warm toast';
const OTHER = 'violet tea at half past';
// A red square.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
);

// Somebody with an account, at their settings.
async function keeper(name, options) {
  const person = await stage.enter(name, options);
  await person.arrive();
  await person.open('/settings');
  await person.heads('Settings');
  return person;
}

// The same person elsewhere, in a chat.
async function elsewhere(person, path) {
  const there = await stage.enter(person.name, { size: PHONE });
  await there.open(path);
  await there.saysToHaveAnAccount();
  await there.signIn();
  await there.composer.waitFor();
  return there;
}

// The session showed long ago that it is the owner's.
function forgetProofs() {
  return stage.server.sql("UPDATE sessions SET proven_at = now() - interval '1 hour'");
}

function section(person, title) {
  return person.page.locator('section', { has: person.page.getByRole('heading', { name: title, exact: true }) });
}

async function provesIt(person, password = PASSWORD) {
  const dialog = person.page.getByRole('dialog', { name: 'Is it you?' });
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  return dialog;
}

test('a password that is changed signs out everywhere else, and what was being written there is kept', async () => {
  const ada = await stage.enter('ada');
  await ada.arrive();
  const path = await ada.startChat();
  const phone = await elsewhere(ada, path);
  await phone.composer.fill('Not sent yet, and not to be lost.');
  await ada.open('/settings');
  await ada.button('Change Password').click();
  await ada.field('Your password').fill('wrong');
  await ada.field('New password').fill(OTHER);
  ada.expectsStatus('400 (Bad Request)', '/auth/password/');
  await ada.button('Save').last().click();
  await ada.isTold('This is not your password.');
  await ada.field('Your password').fill(PASSWORD);
  phone.expectsStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`, `/api${path}/read_position/`, '/api/chats/');
  phone.expectsStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await ada.button('Save').last().click();
  await ada.page.getByText('Everywhere else you are signed out.').waitFor();
  await phone.page.getByText('Your session has ended.').waitFor();
  await phone.screenshot(artifact('session-ended-phone'));
  await phone.signIn(OTHER);
  await phone.isAt(path);
  await phone.composer.waitFor();
  assert.equal(await phone.composer.inputValue(), 'Not sent yet, and not to be lost.');
});

test('one sees where one is signed in, and ends it there, and everywhere', async () => {
  const bea = await stage.enter('bea');
  await bea.arrive();
  const path = await bea.startChat();
  const phone = await elsewhere(bea, path);
  await bea.open('/settings');
  const list = section(bea, 'Where you are signed in');
  await list.getByText('Here, now').waitFor();
  assert.equal(await list.getByRole('listitem').count(), 2);
  await bea.screenshot(artifact('sessions'));
  phone.expectsStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`);
  phone.expectsStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await list.getByRole('button', { name: /^Sign out Chrom/ }).click();
  await phone.page.getByText('Your session has ended.').waitFor();
  await list.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
  assert.equal(await list.getByRole('listitem').count(), 1, 'only this one is left');

  await phone.signIn();
  await phone.composer.waitFor();
  await bea.page.reload();
  await bea.button('Sign out everywhere').click();
  await list.getByRole('group').getByRole('button', { name: 'Sign out everywhere' }).click();
  await bea.field('Your name').waitFor();
  await phone.page.getByText('Your session has ended.').waitFor();
});

test('a username and an address for letters are changed by whoever shows that they may', async () => {
  const cleo = await keeper('cleo');
  await cleo.button('Change Username').click();
  await cleo.field('New username').fill('cleo the second');
  await cleo.field('Your password').fill(PASSWORD);
  await cleo.button('Save').last().click();
  await cleo.isTold('Use only letters');
  await cleo.field('New username').fill('Cleopatra');
  await cleo.button('Save').last().click();
  await cleo.page.getByText('The username is changed.').waitFor();
  await section(cleo, 'Account').getByText('Cleopatra').waitFor();

  await cleo.button('Change Email').click();
  await cleo.field('Email').fill('cleopatra@example.org');
  await cleo.button('Save').last().click();
  const dialog = await provesIt(cleo, 'wrong');
  cleo.expectsStatus('400 (Bad Request)', '/auth/proof/');
  await dialog.getByText('This is not your password.').waitFor();
  await cleo.screenshot(artifact('proof'));
  await provesIt(cleo);
  await cleo.page.getByText('The e-mail address is changed.').waitFor();
  await section(cleo, 'Account').getByText('cleopatra@example.org').waitFor();
});

test('a picture is seen by everybody, and what is none is refused in words', async () => {
  const dora = await stage.enter('dora');
  await dora.arrive();
  const path = await dora.startChat();
  await dora.say('How do I look?');
  await dora.sees('How do I look?');
  const emil = await stage.enter('emil');
  await emil.joins(path);
  await emil.sees('How do I look?');
  await dora.open('/settings');
  const chosen = dora.page.getByLabel('Choose a picture');
  dora.expectsStatus('400 (Bad Request)', '/auth/me/avatar/');
  await chosen.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await dora.isTold('Choose a picture: PNG, JPEG, GIF or WebP.');
  await chosen.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: PICTURE });
  await dora.page.locator('.profile img.avatar').waitFor();
  const face = emil.page.locator('.message img.avatar');
  await face.waitFor();
  await emil.page.waitForFunction(() => document.querySelector('.message img.avatar').naturalWidth > 0);
  await emil.screenshot(artifact('avatar'));
  await dora.button('Remove').first().click();
  await face.waitFor({ state: 'detached' });
  await emil.page.locator('.message span.avatar').first().waitFor();
});

test('with two steps a code is asked for, or a recovery code when the phone is lost', async () => {
  const finn = await keeper('finn');
  await forgetProofs();
  const part = section(finn, 'Two-step sign-in');
  finn.expectsStatus('403 (Forbidden)', '/auth/second_factor/');
  await part.getByRole('button', { name: 'Turn on' }).click();
  await provesIt(finn);
  await part.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
  await finn.screenshot(artifact('second-factor'));
  const secret = await part.locator('.secret').innerText();
  finn.expectsStatus('400 (Bad Request)', '/auth/second_factor/', '/auth/jwt/create/');
  await part.getByRole('textbox', { name: 'Code' }).fill('000000');
  await part.getByRole('button', { name: 'Turn on' }).click();
  await finn.isTold('This code is not good now.');
  await part.getByRole('textbox', { name: 'Code' }).fill(oneTimeCode(secret));
  await part.getByRole('button', { name: 'Turn on' }).click();
  const codes = part.getByRole('group', { name: 'Your recovery codes' });
  const recovery = await codes.getByRole('listitem').first().innerText();
  await finn.screenshot(artifact('recovery-codes'));
  await codes.getByRole('button', { name: 'Done' }).click();
  await part.getByText('10 recovery codes are left.').waitFor();
  await finn.button('Sign out').click();
  await finn.field('Your name').waitFor();

  await finn.saysToHaveAnAccount();
  await finn.signIn();
  await finn.field('Code').waitFor();
  await finn.screenshot(artifact('code'));
  await finn.field('Code').fill('000000');
  await finn.button('Continue').click();
  await finn.isTold('This code is not good now.');
  await finn.field('Code').fill(nextCode(secret));
  await finn.button('Continue').click();
  await finn.heads('Welcome finn!');

  await finn.signOut();
  await finn.saysToHaveAnAccount();
  await finn.signIn();
  await finn.field('Code').fill(recovery);
  await finn.button('Continue').click();
  await finn.heads('Welcome finn!');
  await finn.open('/settings');
  await part.getByText('9 recovery codes are left.').waitFor();
  await part.getByRole('button', { name: 'Turn off' }).click();
  await part.getByText('Off.').waitFor();
});

test('everything of one’s own is gathered in a file and saved', async () => {
  const gwen = await stage.enter('gwen');
  await gwen.arrive();
  await gwen.startChat();
  await gwen.say('Keep this.');
  await gwen.sees('Keep this.');
  await gwen.open('/settings');
  await gwen.button('Gather my data').click();
  const saving = gwen.page.waitForEvent('download');
  await gwen.button('Save the file').click();
  const file = await readFile(await (await saving).path());
  assert.equal(file.subarray(0, 2).toString(), 'PK', 'it is a ZIP');
  assert.equal((await saving).suggestedFilename(), 'chatire.zip');
  await gwen.heads('Settings');
});

test('whoever deletes their account is nobody, and what they said stays', async () => {
  const hugo = await stage.enter('hugo');
  await hugo.arrive();
  const path = await hugo.startChat();
  const iris = await stage.enter('iris');
  await iris.joins(path);
  await hugo.say('Remember me.');
  await iris.sees('Remember me.');
  await hugo.open('/settings');
  await hugo.button('Delete my account').click();
  await hugo.screenshot(artifact('delete-account'));
  await hugo.field('Your password').fill(PASSWORD);
  await hugo.button('Delete my account').click();
  await hugo.field('Your name').waitFor();
  await iris.page.getByRole('article').getByText('Deleted account').waitFor();
  await iris.sees('Remember me.');
  hugo.expectsStatus('400 (Bad Request)', '/auth/jwt/create/');
  await hugo.saysToHaveAnAccount();
  await hugo.signIn();
  await hugo.isTold('do not fit together');
});
