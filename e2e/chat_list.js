// The list of one's chats, as a person uses it.

export class ChatList {
  constructor(page) {
    this.page = page;
  }

  get links() {
    return this.page.getByRole('navigation', { name: 'Your chats' }).getByRole('listitem').getByRole('link');
  }

  // The chat of this path.
  at(path) {
    return this.links.and(this.page.locator(`[href="${path}"]`));
  }

  // The list holds these, in this order.
  async are(...paths) {
    await this.page.waitForFunction((paths) => {
      const links = [...document.querySelectorAll('.chat-row')];
      return JSON.stringify(links.map((link) => link.getAttribute('href'))) === JSON.stringify(paths);
    }, paths);
  }

  // How many are unread in a chat; `null` for none.
  async hasUnread(path, count) {
    const badge = this.at(path).locator('.badge');
    if (count === null) await badge.waitFor({ state: 'detached' });
    else await badge.filter({ hasText: `${count} unread` }).waitFor();
  }

  // Mutes the chat that is open.
  async mute() {
    await this.page.getByRole('button', { name: 'More', exact: true }).click();
    await this.page.getByRole('switch', { name: 'Mute this chat' }).click();
    await this.page.keyboard.press('Escape');
  }
}
