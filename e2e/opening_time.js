// Measures how long opening a chat keeps the page busy, for `cargo xtask bench opening`. Arguments: the texts of messages by
// name, as JSON, and the number of rounds. Prints the milliseconds of all rounds by name, as JSON.

import { Fixture } from './fixture.js';

const MESSAGES = 100;
// As many of them are shown at first.
const PAGE = 50;

const [texts, rounds] = [JSON.parse(process.argv[2]), Number(process.argv[3])];
const fixture = new Fixture();
await fixture.open();
try {
  const people = [];
  for (const [name, text] of Object.entries(texts)) people.push(await prepare(name, text));
  const times = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const person of people) (times[person.name] ??= []).push(await openingTime(person));
  }
  process.stdout.write(JSON.stringify(times));
} finally {
  await fixture.close();
}

async function prepare(name, text) {
  const person = await fixture.newPerson(name);
  await person.signUpAndStart();
  person.chat = await person.startChat();
  await person.postMany(person.chat, Array(MESSAGES).fill(text));
  return person;
}

// CPU time of the main thread until all messages are painted: other work on the machine does not count.
async function openingTime(person) {
  await person.open('about:blank');
  // Counts from here on, or from the start of the process if the chat gets a new one.
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await person.open(person.chat);
  await person.messages.nth(PAGE - 1).waitFor();
  await person.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const { metrics } = await devtools.send('Performance.getMetrics');
  await devtools.detach();
  return 1_000 * metrics.find(({ name }) => name === 'TaskDuration').value;
}
