// Passkeys, with the virtual authenticator of the browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fixture, screenshotPath } from './fixture.js';

// Passkeys need a host name, not an IP address.
const fixture = Fixture.install(() => {}, { host: 'localhost' });

const AUTHENTICATOR = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

const PASSWORD = 'plum jam on warm toast';
const EXPIRE_REAUTHENTICATION = "UPDATE sessions SET reauthenticated_at = now() - interval '1 hour'";

async function addAuthenticator(person) {
  const session = await person.context.newCDPSession(person.page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options: AUTHENTICATOR });
  const setUserVerified = (isUserVerified) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  return { setUserVerified };
}

test('passkey is added, used and removed', async () => {
  const ada = await fixture.newPerson('ada');
  const authenticator = await addAuthenticator(ada);
  await ada.signUpAndStart();
  await ada.open('/settings');
  const section = ada.page.locator('section', { has: ada.page.getByRole('heading', { name: 'Passkeys' }) });
  await fixture.server.sql(EXPIRE_REAUTHENTICATION);
  ada.expectStatus('403 (Forbidden)', '/auth/second_factor/');
  await ada.button('Turn on').click();
  await ada.button('Continue').waitFor();
  assert.equal(await ada.button('Use a passkey').count(), 0, 'the account has no passkey yet');
  await ada.field('Password').fill(PASSWORD);
  await ada.button('Continue').click();
  await ada.page.getByRole('dialog').waitFor({ state: 'hidden' });
  await section.getByRole('button', { name: 'Add a passkey' }).click();
  await section.getByLabel('Name', { exact: true }).fill('The blue laptop');
  await section.getByRole('button', { name: 'Continue' }).click();
  await section.getByText('The blue laptop').first().waitFor();
  await section.getByText('not used yet').waitFor();
  await ada.screenshot(screenshotPath('passkeys'));

  await ada.signOut();
  await ada.followSignInLink();
  await ada.screenshot(screenshotPath('passkey-sign-in'));
  await ada.button('Sign in with a passkey').click();
  await ada.waitForHeading('Welcome ada!');

  await fixture.server.sql(EXPIRE_REAUTHENTICATION);
  await ada.open('/settings');
  await section.getByText('last used').waitFor();
  await section.getByRole('button', { name: /^Remove/ }).click();
  const removed = await fixture.server.sql('SELECT id FROM passkeys');
  ada.expectStatus("403 (Forbidden)", `/auth/passkeys/${removed.trim()}/`);
  await section.getByRole('group').getByRole('button', { name: 'Remove' }).click();
  await ada.button('Use a passkey').click();
  await section.locator('bdi').waitFor({ state: 'detached' });

  await ada.signOut();
  await ada.followSignInLink();
  ada.expectStatus('400 (Bad Request)', '/auth/jwt/passkey/');
  await ada.button('Sign in with a passkey').click();
  await ada.waitForAlert('This server doesn’t know this passkey.');

  await authenticator.setUserVerified(false);
  await ada.button('Sign in with a passkey').click();
  await ada.page.getByText('No passkey was used.').waitFor();
  await ada.signIn();
  await ada.waitForHeading('Welcome ada!');
  assert.equal(await fixture.server.sql('SELECT count(*) FROM passkeys'), '0\n');
});

test('passkeys are not offered at an IP address', async () => {
  const bob = await fixture.newPerson('bob');
  await bob.open(fixture.server.url.replace('localhost', '127.0.0.1') + '/auth?known');
  await bob.button('Forgot your password?').waitFor();
  assert.equal(await bob.button('Sign in with a passkey').count(), 0);
  await bob.open('/auth?known');
  await bob.button('Sign in with a passkey').waitFor();
});
