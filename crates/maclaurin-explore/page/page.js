// The page of `maclaurin explore`: asks the server that it came from, and keeps its state in the address.
import { fromHash, mount, toHash } from "./explore.js";

const host = {
  patience: 150,
  async ask(question, bytes, signal) {
    const text = new TextEncoder().encode(JSON.stringify(question));
    // Not a Blob: its way through the browser takes longer than the answer.
    const body = new Uint8Array(4 + text.length + (bytes?.length ?? 0));
    new DataView(body.buffer).setUint32(0, text.length, true);
    body.set(text, 4);
    if (bytes) body.set(bytes, 4 + text.length);
    let reply;
    try {
      reply = await fetch("ask", { method: "POST", body, signal });
    } catch (reason) {
      if (signal.aborted) throw reason;
      throw new Error("maclaurin does not answer: was it ended? Start `maclaurin explore` again.");
    }
    if (!reply.ok) throw new Error(`the server refused the request (${reply.status} ${reply.statusText})`);
    const buffer = await reply.arrayBuffer();
    const end = 4 + new DataView(buffer).getUint32(0, true);
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, end - 4)));
    return { answer, bytes: new Uint8Array(buffer, end) };
  },
  load: () => fromHash(location.hash),
  save: (state) => history.replaceState(null, "", `#${toHash(state)}`),
  changed: (react) => addEventListener("hashchange", () => react(fromHash(location.hash))),
};

mount(document.getElementById("explore"), host);
