// The lock of the npm package redlock as a guard, run by stormproof over the line protocol: see docs/line-protocol.md.
//
//   node guard.js   one Redis, one try, and no retries of the client, as the package's authors document them

import { Redis } from 'ioredis';
import Redlock from 'redlock';

import { serve } from '../node/line-protocol.js';

// Longer than the harness holds a command back, short enough for a caller who waits.
const TIME_LIMIT_MS = 5000;

const expires =
  '"the maximum amount of time you want the resource locked, keeping in mind that you can extend the lock up until ' +
  'the point when it expires" (README of redlock, Locking & Unlocking)';
const oneServer =
  '"the failure modes are a bit different, and it becomes theoretically possible that a lock is acquired twice" ' +
  '(README of redlock, Using Cluster/Sentinel)';

// Somebody else has the lock, or Redis did not answer: the section was not entered.
class LockedError extends Error {
  outcome = 'FAIL';
  word = 'in_progress';
}

class RedlockGuard {
  #redisUrl;
  #leaseMs;
  #client;

  constructor(redisUrl, leaseS) {
    this.#redisUrl = redisUrl;
    this.#leaseMs = Math.round(leaseS * 1000);
  }

  async call(key, payload, effect) {
    const redlock = new Redlock([this.#reconnected()], { retryCount: 0 });
    // It emits the errors of each server, and throws where nobody listens.
    redlock.on('clientError', () => {});
    const lock = await redlock.lock(key, this.#leaseMs).catch((error) => {
      throw new LockedError(`the lock of ${key} was not obtained: ${error.message}`);
    });
    try {
      return await effect(payload);
    } finally {
      await lock.unlock();
    }
  }

  close() {
    this.#client?.disconnect();
    this.#client = undefined;
  }

  // A connection that was lost is not taken up again, so each call has one of its own.
  #reconnected() {
    this.close();
    this.#client = new Redis(this.#redisUrl, {
      // A command that is sent again after a lost reply is done twice.
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectTimeout: TIME_LIMIT_MS,
      commandTimeout: TIME_LIMIT_MS,
    });
    // What went wrong is told to each command.
    this.#client.on('error', () => {});
    return this.#client;
  }
}

serve({
  about: {
    promise: 'mutual_exclusion',
    outside: {
      pause: expires,
      advance: expires,
      evict: oneServer,
      restart_losing: oneServer,
      failover_losing: oneServer,
    },
    reusable: true,
  },
  makeGuard: (redisUrl, leaseS) => new RedlockGuard(redisUrl, leaseS),
});
