// Does the effect of a key once, or says that it is in doubt.
//
// The record of a key goes through three states: "claimed TOKEN" ends with the lease, "started TOKEN" and
// "done RESULT" stay. From "started" on nobody else begins, because the effect may have been done.

import { randomUUID } from 'node:crypto';

import { createClient } from '@redis/client';

// Longer than the harness holds a command back, short enough for a caller who waits.
const TIME_LIMIT_MS = 5000;

// A script compares and writes in one step: between a GET and a SET the lease could end.
const REPLACE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

const FORGET = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

// What a caller is told: FAIL says that this call did nothing and never will.

class InProgressError extends Error {
  outcome = 'FAIL';
  word = 'in_progress';
}

class InDoubtError extends Error {
  outcome = 'INDETERMINATE';
  word = 'in_doubt';
}

class ClaimLostError extends Error {
  outcome = 'FAIL';
  word = 'refused';
}

class RedisFailedError extends Error {
  outcome = 'INDETERMINATE';
  word = '';
}

export class OnceGuard {
  #redisUrl;
  #leaseMs;
  #broken;
  #client;

  constructor(redisUrl, leaseS, { broken = false } = {}) {
    this.#redisUrl = redisUrl;
    this.#leaseMs = Math.round(leaseS * 1000);
    this.#broken = broken;
  }

  async call(key, payload, effect) {
    const name = `once:${key}`;
    const token = randomUUID();
    const claimed = `claimed ${token}`;
    const started = `started ${token}`;

    if (!(await this.#claim(name, claimed))) return this.#replay(name);
    if (!(await this.#replace(name, claimed, started))) {
      throw new ClaimLostError(`the claim of ${key} ended before the effect was begun`);
    }
    let receipt;
    try {
      receipt = await effect(payload);
    } catch (error) {
      // The planted bug: an effect that timed out may have been done, and must not be begun by the next caller.
      if (error.definite || this.#broken) await this.#forget(name, started);
      throw error;
    }
    if (!(await this.#replace(name, started, `done ${JSON.stringify(receipt)}`))) {
      throw new InDoubtError(`the record of ${key} was gone after the effect`);
    }
    return receipt;
  }

  close() {
    this.#drop();
  }

  async #replay(name) {
    const record = await this.#ask((client) => client.get(name));
    if (record?.startsWith('done ')) return JSON.parse(record.slice('done '.length));
    if (record?.startsWith('started ')) throw new InDoubtError(`${name} was begun and not finished`);
    throw new InProgressError(`${name} is claimed`);
  }

  #claim(name, claimed) {
    const expiration = { type: 'PX', value: this.#leaseMs };
    return this.#ask((client) => client.set(name, claimed, { condition: 'NX', expiration }));
  }

  #replace(name, old, fresh) {
    return this.#ask((client) => client.eval(REPLACE, { keys: [name], arguments: [old, fresh] }));
  }

  #forget(name, old) {
    return this.#ask((client) => client.eval(FORGET, { keys: [name], arguments: [old] }));
  }

  async #ask(command) {
    try {
      return await command(await this.#connected());
    } catch (error) {
      throw new RedisFailedError(`Redis did not answer as it should: ${error.message}`, { cause: error });
    }
  }

  async #connected() {
    if (this.#client?.isReady) return this.#client;
    this.#drop();
    this.#client = createClient({
      url: this.#redisUrl,
      // A command that is sent again after a lost reply is done twice, and one that waits in a queue comes when its
      // lease has ended. So a lost connection is an error of this call, and the next command connects anew.
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false, connectTimeout: TIME_LIMIT_MS, socketTimeout: TIME_LIMIT_MS },
    });
    // The client throws an error that nobody listens for; each call hears of its own.
    this.#client.on('error', () => {});
    await this.#client.connect();
    return this.#client;
  }

  #drop() {
    if (this.#client?.isOpen) this.#client.destroy();
    this.#client = undefined;
  }
}
