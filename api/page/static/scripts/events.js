/** Server-sent events over `fetch`: an EventSource can send no key. */

import { Unreachable, ask } from "./api.js";

const AGAIN_MS = 2_000;

/**
 * Follow a stream until its event `end`; asks again where the connection breaks before.
 * @param {string} path
 * @param {(data: any, isLast: boolean) => void} tell
 * @param {AbortSignal} signal
 */
export async function follow(path, tell, signal) {
  while (!signal.aborted) {
    try {
      if (await read(await ask(path, { signal }), tell)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unreachable || error instanceof TypeError)) throw error; // TypeError: broke off midway
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

async function read(response, tell) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return false;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.match(/^data: (.*)$/m);
      const isLast = event.startsWith("event: end");
      if (data) tell(JSON.parse(data[1]), isLast);
      if (isLast) return true;
    }
  }
}
