// A once-only guard on Redis, run by stormproof over the line protocol: see docs/line-protocol.md.
//
//   node guard.js            the guard
//   node guard.js --broken   the same guard with one bug, so that you see a finding

import { parseArgs } from 'node:util';

import { serve } from './line-protocol.js';
import { OnceGuard } from './once-guard.js';

const { values } = parseArgs({ options: { broken: { type: 'boolean', default: false } } });

const trustsRedis = 'the guard trusts Redis to keep what it acknowledged';

serve({
  about: {
    promise: 'exactly_once_or_in_doubt',
    outside: {
      conflict: 'the guard does not compare payloads: a key must never be used for two of them',
      evict: trustsRedis,
      restart_losing: trustsRedis,
      failover_losing: trustsRedis,
    },
    reusable: true,
  },
  makeGuard: (redisUrl, leaseS) => new OnceGuard(redisUrl, leaseS, { broken: values.broken }),
});
