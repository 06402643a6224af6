/**
 * The one address of a site, before all its regions: each connection goes to the first region that takes it, as a balancer
 * or a name with several addresses does it.
 */

import { connect, createServer } from "node:net";

export class Address {
  /**
   * The regions that connections went to, in their order.
   * @type {string[]}
   */
  served = [];
  #server;
  /** @type {Set<import("node:net").Socket>} */
  #open = new Set();

  /**
   * @param {readonly string[]} regions
   */
  constructor(regions) {
    this.#server = createServer((socket) => {
      this.#keep(socket);
      this.#connect(socket, regions);
    });
  }

  /**
   * Listens before regions, of which the first is asked first.
   * @param {string} host
   * @param {readonly string[]} regions
   */
  static async listen(host, regions) {
    const address = new Address(regions);
    await new Promise((resolve, reject) => {
      address.#server.once("error", reject);
      address.#server.listen(0, host, () => resolve(undefined));
    });
    return address;
  }

  get origin() {
    const at = this.#server.address();
    if (at === null || typeof at === "string") throw new Error("nothing is listened at");
    return `http://${at.address}:${at.port}`;
  }

  close() {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  /**
   * @param {import("node:net").Socket} socket
   */
  #keep(socket) {
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
  }

  /**
   * @param {import("node:net").Socket} socket
   * @param {readonly string[]} regions
   */
  #connect(socket, [first, ...others]) {
    if (first === undefined) {
      socket.destroy();
      return;
    }
    const { hostname, port } = new URL(first);
    const region = connect({ host: hostname, port: Number(port) });
    this.#keep(region);
    region.once("error", () => this.#connect(socket, others));
    region.once("connect", () => {
      this.served.push(first);
      region.removeAllListeners("error");
      for (const [from, to] of /** @type {const} */ ([[region, socket], [socket, region]])) {
        from.once("error", () => to.destroy());
        from.once("close", () => to.destroy());
        from.pipe(to);
      }
    });
  }
}
