// The program's side of stormproof's line protocol, version 1. Nothing in here knows what the guard does.
//
// stdout belongs to the protocol: one console.log() anywhere ends the run. Use console.error() for logs.

/** What the effect came back with instead of a receipt. */
export class EffectError extends Error {
  constructor({ definite, message }) {
    super(message);
    this.definite = definite;
    // Without `definite` the effect may have been done: nothing better can be said of it.
    this.outcome = definite ? 'FAIL' : 'INDETERMINATE';
    this.word = definite ? 'rejected' : '';
  }
}

/**
 * Serves calls until stdin ends.
 *
 * `about` holds the optional fields of the `ready` line. `makeGuard(redisUrl, leaseS)` returns an object with
 * `call(key, payload, effect)`, a promise of the result, and `close()`. An error of the guard may carry `outcome` and
 * `word`; without them it means that the effect may have been done.
 */
export function serve({ about, makeGuard }) {
  let guard;
  let settleEffect;

  async function answer({ id, key, payload }) {
    let count = 0;

    async function effect(wanted) {
      count += 1;
      const replied = new Promise((resolve) => {
        settleEffect = resolve;
      });
      say({ say: 'effect', id, call: count, payload: wanted });
      const { receipt, error } = await replied;
      if (error) throw new EffectError(error);
      return receipt;
    }

    try {
      say({ say: 'result', id, result: await guard.call(key, payload, effect) });
    } catch (error) {
      const { outcome = 'INDETERMINATE', word = '' } = error;
      say({ say: 'error', id, outcome, word, detail: error.constructor.name });
    }
  }

  function receive(message) {
    switch (message.do) {
      case 'init':
        // A second `init` asks for a guard that knows nothing of the first one.
        guard?.close();
        guard = makeGuard(message.redis_url, message.lease_s);
        say({ say: 'ready', ...about });
        break;
      case 'call':
        answer(message);
        break;
      case 'effect_reply':
        settleEffect(message);
        break;
      default:
        throw new Error(`the harness asked for ${JSON.stringify(message.do)}, which this program never said it can`);
    }
  }

  // Not node:readline, which takes U+2028 inside a JSON string for the end of a line.
  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) receive(JSON.parse(line));
  });
  process.stdin.on('end', () => process.exit());
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
