// Resetting a forgotten password by email.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { MailServer } from './mail_server.js';
import { PHONE, Fixture, screenshotPath } from './fixture.js';

const mailServer = await MailServer.start();
const fixture = Fixture.install(() => {}, { env: mailServer.env });
after(() => mailServer.close());

const NEW_PASSWORD = 'violet tea at half past';

test('reset link sets a new password once', async () => {
  const ada = await fixture.newPerson('ada', { size: PHONE });
  await ada.signUpAndStart();
  const elsewhere = await fixture.newPerson('ada');
  await elsewhere.open('/auth?known');
  await elsewhere.button('Forgot your password?').click();
  await elsewhere.field('Email').fill('ada');
  await elsewhere.button('Send link').click();
  await elsewhere.waitForAlert('Enter a valid email address.');
  await elsewhere.screenshot(screenshotPath('forgot-password'));
  await elsewhere.field('Email').fill('ada@example.org');
  await elsewhere.button('Send link').click();
  await elsewhere.page.getByText('a link is on its way').waitFor();

  const [link] = (await mailServer.nextEmail()).match(/http:\S+/);
  await elsewhere.open(link);
  await elsewhere.waitForHeading('Choose a new password');
  assert.equal(elsewhere.page.url(), `${fixture.server.url}/reset`, 'the token is not in the history');
  await elsewhere.field('New password').fill('short');
  await elsewhere.button('Save password').click();
  await elsewhere.waitForAlert('Use at least 8 characters.');
  await elsewhere.screenshot(screenshotPath('reset'));
  // All sessions of the account end.
  ada.expectStatus('401 (Unauthorized)', '/auth/tickets/');
  ada.expectStatus('400 (Bad Request)', '/auth/jwt/refresh/');
  await elsewhere.field('New password').fill(NEW_PASSWORD);
  await elsewhere.button('Save password').click();
  await elsewhere.waitForHeading('Password saved');
  await elsewhere.page.getByRole('link', { name: 'Sign In' }).click();
  await elsewhere.signIn(NEW_PASSWORD);
  await elsewhere.waitForHeading('Welcome ada!');

  const again = await fixture.newPerson('ada');
  await again.open(link);
  await again.field('New password').fill('another one still');
  again.expectStatus('410 (Gone)', '/auth/password_resets/');
  await again.button('Save password').click();
  await again.waitForHeading('This link no longer works');
});

test('unknown email gets the same answer', async () => {
  const eve = await fixture.newPerson('eve');
  await eve.open('/auth?known');
  await eve.button('Forgot your password?').click();
  await eve.field('Email').fill('nobody@example.org');
  await eve.button('Send link').click();
  await eve.page.getByText('a link is on its way').waitFor();

  // The next email is the first that is sent.
  const frida = await fixture.newPerson('frida');
  await frida.signUpAndStart();
  await eve.button('Back to sign in').click();
  await eve.button('Forgot your password?').click();
  await eve.field('Email').fill('frida@example.org');
  await eve.button('Send link').click();
  await eve.page.getByText('a link is on its way').waitFor();
  assert.match(await mailServer.nextEmail(), /^To: .*frida@example\.org/m);
});
