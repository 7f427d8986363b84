// A passkey in the place of a password. The browser itself is the device that holds it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Stage, artifact } from './stage.js';

// Passkeys are bound to a host by its name.
const stage = Stage.forThisFile(() => {}, { host: 'localhost' });

const DEVICE = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

async function withDevice(person) {
  const session = await person.context.newCDPSession(person.page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options: DEVICE });
  const recognises = (isUserVerified) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  return { recognises };
}

test('a passkey is made, signs in, shows that it is one’s own, and is removed', async () => {
  const ada = await stage.enter('ada');
  const device = await withDevice(ada);
  await ada.arrive();
  await ada.open('/settings');
  const part = ada.page.locator('section', { has: ada.page.getByRole('heading', { name: 'Passkeys' }) });
  await part.getByRole('button', { name: 'Add a passkey' }).click();
  await part.getByLabel('What to call it').fill('The blue laptop');
  await part.getByRole('button', { name: 'Continue' }).click();
  await part.getByText('The blue laptop').first().waitFor();
  await part.getByText('not used yet').waitFor();
  await ada.screenshot(artifact('passkeys'));

  await ada.signOut();
  await ada.saysToHaveAnAccount();
  await ada.screenshot(artifact('passkey-sign-in'));
  await ada.button('Sign in with a passkey').click();
  await ada.heads('Welcome ada!');

  await stage.server.sql("UPDATE sessions SET proven_at = now() - interval '1 hour'");
  await ada.open('/settings');
  await part.getByText('last used').waitFor();
  await part.getByRole('button', { name: /^Remove/ }).click();
  const removed = await stage.server.sql('SELECT id FROM passkeys');
  ada.expectsStatus("403 (Forbidden)", `/auth/passkeys/${removed.trim()}/`);
  await part.getByRole('group').getByRole('button', { name: 'Remove' }).click();
  await ada.button('Use a passkey').click();
  await part.locator('bdi').waitFor({ state: 'detached' });

  await ada.signOut();
  await ada.saysToHaveAnAccount();
  ada.expectsStatus('400 (Bad Request)', '/auth/jwt/passkey/');
  await ada.button('Sign in with a passkey').click();
  await ada.isTold('This passkey is not known here.');

  await device.recognises(false);
  await ada.button('Sign in with a passkey').click();
  await ada.page.getByText('No passkey was used.').waitFor();
  await ada.signIn();
  await ada.heads('Welcome ada!');
  assert.equal(await stage.server.sql('SELECT count(*) FROM passkeys'), '0\n');
});

