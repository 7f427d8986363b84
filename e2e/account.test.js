// Account settings: credentials, sessions, picture, second factor, export, deletion.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { nextCode, oneTimeCode } from './totp.js';
import { PHONE, Fixture, screenshotPath } from './fixture.js';

const fixture = Fixture.install();

const PASSWORD = 'plum jam on warm toast';
const NEW_PASSWORD = 'violet tea at half past';
// A red square.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC',
  'base64',
);

// A user with an account, on the settings page.
async function openSettings(name, options) {
  const person = await fixture.newPerson(name, options);
  await person.signUpAndStart();
  await person.open('/settings');
  await person.waitForHeading('Settings');
  return person;
}

// The same user on a phone, in a chat.
async function signInOnPhone(person, path) {
  const phone = await fixture.newPerson(person.name, { size: PHONE });
  await phone.open(path);
  await phone.followSignInLink();
  await phone.signIn();
  await phone.composer.waitFor();
  return phone;
}

// Makes the last reauthentication of every session too old.
function expireReauthentication() {
  return fixture.server.sql("UPDATE sessions SET reauthenticated_at = now() - interval '1 hour'");
}

function section(person, title) {
  return person.page.locator('section', { has: person.page.getByRole('heading', { name: title, exact: true }) });
}

async function reauthenticate(person, password = PASSWORD) {
  const dialog = person.page.getByRole('dialog', { name: 'Confirm it’s you' });
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  return dialog;
}

test('changing the password ends other sessions and keeps drafts', async () => {
  const ada = await fixture.newPerson('ada');
  await ada.signUpAndStart();
  const path = await ada.startChat();
  const phone = await signInOnPhone(ada, path);
  await phone.composer.fill('Not sent yet, and not to be lost.');
  await ada.open('/settings');
  await ada.button('Change Password').click();
  await ada.field('Current password').fill('wrong');
  await ada.field('New password').fill(NEW_PASSWORD);
  ada.expectStatus('400 (Bad Request)', '/auth/password/');
  await ada.button('Save').last().click();
  await ada.waitForAlert('Wrong password.');
  await ada.field('Current password').fill(PASSWORD);
  phone.expectStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`, `/api${path}/read_position/`, '/api/chats/');
  phone.expectStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await ada.button('Save').last().click();
  await ada.page.getByText('You’ve been signed out on all other devices.').waitFor();
  await phone.page.getByText('You’ve been signed out.').waitFor();
  await phone.screenshot(screenshotPath('session-ended-phone'));
  await phone.signIn(NEW_PASSWORD);
  await phone.waitForPath(path);
  await phone.composer.waitFor();
  assert.equal(await phone.composer.inputValue(), 'Not sent yet, and not to be lost.');
});

test('sessions are listed and can be ended', async () => {
  const bea = await fixture.newPerson('bea');
  await bea.signUpAndStart();
  const path = await bea.startChat();
  const phone = await signInOnPhone(bea, path);
  await bea.open('/settings');
  const list = section(bea, 'Where you’re signed in');
  await list.getByText('This device').waitFor();
  assert.equal(await list.getByRole('listitem').count(), 2);
  await bea.screenshot(screenshotPath('sessions'));
  phone.expectStatus('401 (Unauthorized)', '/auth/tickets/', `/api${path}/changes/`);
  phone.expectStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await list.getByRole('button', { name: /^Sign out Chrom/ }).click();
  await phone.page.getByText('You’ve been signed out.').waitFor();
  await list.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
  assert.equal(await list.getByRole('listitem').count(), 1, 'only this session remains');

  await phone.signIn();
  await phone.composer.waitFor();
  await bea.page.reload();
  await bea.button('Sign out everywhere').click();
  await list.getByRole('group').getByRole('button', { name: 'Sign out everywhere' }).click();
  await bea.field('Your name').waitFor();
  await phone.page.getByText('You’ve been signed out.').waitFor();
});

test('changing username and email requires the password', async () => {
  const cleo = await openSettings('cleo');
  await cleo.button('Change Username').click();
  await cleo.field('New username').fill('cleo the second');
  await cleo.field('Current password').fill(PASSWORD);
  await cleo.button('Save').last().click();
  await cleo.waitForAlert('Use only letters');
  await cleo.field('New username').fill('Cleopatra');
  await cleo.button('Save').last().click();
  await cleo.page.getByText('Username changed.').waitFor();
  await section(cleo, 'Account').getByText('Cleopatra').waitFor();

  await cleo.button('Change Email').click();
  await cleo.field('Email').fill('cleopatra@example.org');
  await cleo.button('Save').last().click();
  const dialog = await reauthenticate(cleo, 'wrong');
  cleo.expectStatus('400 (Bad Request)', '/auth/reauthentication/');
  await dialog.getByText('Wrong password.').waitFor();
  await cleo.screenshot(screenshotPath('reauth'));
  await reauthenticate(cleo);
  await cleo.page.getByText('Email changed.').waitFor();
  await section(cleo, 'Account').getByText('cleopatra@example.org').waitFor();
});

test('opening a form keeps what was typed in others', async () => {
  const jill = await openSettings('jill');
  await jill.button('Change Username').click();
  await jill.field('New username').fill('jill_the_second');
  await jill.button('Change Email').click();
  await jill.page.locator('input[name=email]:focus').waitFor();
  await jill.field('Email').fill('jill@example.com');
  await jill.button('Change Password').click();
  await jill.page.locator('input[name=current_password]:focus').waitFor();
  await jill.screenshot(screenshotPath('settings-forms'));
  await jill.page.keyboard.press('Escape');
  await jill.field('New password').waitFor({ state: 'detached' });
  await jill.page.locator('#change-password:focus').waitFor();
  assert.equal(await jill.field('New username').inputValue(), 'jill_the_second');
  assert.equal(await jill.field('Email').inputValue(), 'jill@example.com');
  await jill.field('Current password').fill(PASSWORD);
  await jill.button('Save').nth(1).click();
  await jill.page.getByText('Username changed.').waitFor();
  assert.equal(await jill.field('Email').inputValue(), 'jill@example.com');
});

test('offline sign-out ends the session once online', async () => {
  const kurt = await openSettings('kurt');
  const notice = kurt.page.getByText('You’re signed out here.');
  kurt.expectFailedConnections('INTERNET_DISCONNECTED', '/auth/jwt/end/');
  kurt.expectFailedConnections('FAILED', '/auth/jwt/end/');
  await kurt.context.setOffline(true);
  await kurt.button('Sign out').click();
  await notice.waitFor();
  await kurt.screenshot(screenshotPath('signed-out-offline'));

  // Pages load, but the session cannot be ended yet.
  await kurt.context.route('**/auth/jwt/end/', (route) => route.abort());
  await kurt.context.setOffline(false);
  for (const path of ['/settings', '/chats', '/auth']) {
    await kurt.open(path);
    await notice.waitFor();
    assert.doesNotMatch(await kurt.page.locator('body').innerText(), /kurt/);
  }
  const cookies = await kurt.context.cookies(`${fixture.server.url}/auth/jwt/`);
  const { name, value } = cookies.find((cookie) => cookie.name === 'chatire_refresh');
  const active = "SELECT count(*) FROM sessions JOIN users ON users.id = user_id WHERE username = 'kurt' AND ended_at IS NULL";
  const countSessions = () => fixture.server.sql(active);
  assert.equal(await countSessions(), '1\n');
  await kurt.context.unroute('**/auth/jwt/end/');
  await kurt.page.getByRole('tab', { name: 'Sign In' }).waitFor();
  assert.equal(await countSessions(), '0\n');
  const headers = { Cookie: `${name}=${value}` };
  const refresh = await fetch(`${fixture.server.url}/auth/jwt/refresh/`, { method: 'POST', headers });
  assert.equal(refresh.status, 400);
  await kurt.signIn();
  await kurt.waitForHeading('Welcome kurt!');
});

test('avatar is visible to others, other files are rejected', async () => {
  const dora = await fixture.newPerson('dora');
  await dora.signUpAndStart();
  const path = await dora.startChat();
  await dora.send('How do I look?');
  await dora.waitForMessage('How do I look?');
  const emil = await fixture.newPerson('emil');
  await emil.signUpAndJoin(path);
  await emil.waitForMessage('How do I look?');
  await dora.open('/settings');
  const chosen = dora.page.getByLabel('Choose a picture');
  dora.expectStatus('400 (Bad Request)', '/auth/me/avatar/');
  await chosen.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await dora.waitForAlert('Choose a picture: PNG, JPEG, GIF or WebP.');
  await chosen.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: PICTURE });
  await dora.page.locator('.profile img.avatar').waitFor();
  const face = emil.page.locator('.message img.avatar');
  await face.waitFor();
  await emil.page.waitForFunction(() => document.querySelector('.message img.avatar').naturalWidth > 0);
  await emil.screenshot(screenshotPath('avatar'));
  await dora.button('Remove').first().click();
  await face.waitFor({ state: 'detached' });
  await emil.page.locator('.message span.avatar').first().waitFor();
});

test('second factor accepts TOTP and recovery codes', async () => {
  const finn = await openSettings('finn');
  await expireReauthentication();
  const panel = section(finn, 'Two-step sign-in');
  finn.expectStatus('403 (Forbidden)', '/auth/second_factor/');
  await panel.getByRole('button', { name: 'Turn on' }).click();
  await reauthenticate(finn);
  await panel.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
  await finn.screenshot(screenshotPath('second-factor'));
  const secret = await panel.locator('.totp-secret').innerText();
  finn.expectStatus('400 (Bad Request)', '/auth/second_factor/', '/auth/jwt/create/');
  await panel.getByRole('textbox', { name: 'Code' }).fill('000000');
  await panel.getByRole('button', { name: 'Turn on' }).click();
  await finn.waitForAlert('That code didn’t work.');
  await panel.getByRole('textbox', { name: 'Code' }).fill(oneTimeCode(secret));
  await panel.getByRole('button', { name: 'Turn on' }).click();
  const codes = panel.getByRole('group', { name: 'Your recovery codes' });
  const recovery = await codes.getByRole('listitem').first().innerText();
  await finn.screenshot(screenshotPath('recovery-codes'));
  await codes.getByRole('button', { name: 'Done' }).click();
  await panel.getByText('10 recovery codes left.').waitFor();
  await finn.button('Sign out').click();
  await finn.field('Your name').waitFor();

  await finn.followSignInLink();
  await finn.signIn();
  await finn.field('Code').waitFor();
  await finn.screenshot(screenshotPath('code'));
  await finn.field('Code').fill('000000');
  await finn.button('Continue').click();
  await finn.waitForAlert('That code didn’t work.');
  await finn.field('Code').fill(nextCode(secret));
  await finn.button('Continue').click();
  await finn.waitForHeading('Welcome finn!');

  await finn.signOut();
  await finn.followSignInLink();
  await finn.signIn();
  await finn.field('Code').fill(recovery);
  await finn.button('Continue').click();
  await finn.waitForHeading('Welcome finn!');
  await finn.open('/settings');
  await panel.getByText('9 recovery codes left.').waitFor();
  await panel.getByRole('button', { name: 'Turn off' }).click();
  await panel.getByText('Off.').waitFor();
});

test('data export is downloaded as a ZIP', async () => {
  const gwen = await fixture.newPerson('gwen');
  await gwen.signUpAndStart();
  await gwen.startChat();
  await gwen.send('Keep this.');
  await gwen.waitForMessage('Keep this.');
  await gwen.open('/settings');
  await gwen.button('Export my data').click();
  const saving = gwen.page.waitForEvent('download');
  await gwen.button('Download').click();
  const file = await readFile(await (await saving).path());
  assert.equal(file.subarray(0, 2).toString(), 'PK', 'it is a ZIP');
  assert.equal((await saving).suggestedFilename(), 'chatire.zip');
  await gwen.waitForHeading('Settings');
});

test('deleting the account keeps its messages', async () => {
  const hugo = await fixture.newPerson('hugo');
  await hugo.signUpAndStart();
  const path = await hugo.startChat();
  const iris = await fixture.newPerson('iris');
  await iris.signUpAndJoin(path);
  await hugo.send('Remember me.');
  await iris.waitForMessage('Remember me.');
  await hugo.open('/settings');
  await hugo.button('Delete account').click();
  await hugo.screenshot(screenshotPath('delete-account'));
  await hugo.field('Current password').fill(PASSWORD);
  await hugo.button('Delete account').click();
  await hugo.field('Your name').waitFor();
  await iris.page.getByRole('article').getByText('Deleted account').waitFor();
  await iris.waitForMessage('Remember me.');
  hugo.expectStatus('400 (Bad Request)', '/auth/jwt/create/');
  await hugo.followSignInLink();
  await hugo.signIn();
  await hugo.waitForAlert('Wrong username or password.');
});
