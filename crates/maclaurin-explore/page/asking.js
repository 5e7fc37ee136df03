// Questions to the engine: of one kind, one at a time; of those that wait, the last.

/**
 * Asks through a host. `busy(true)` is called when work begins. A question that was overtaken is answered
 * by null: at once if it had not been sent, and if it had, when the host's patience with it is at an end.
 */
function makeAsker(host, busy) {
  let flying = null;
  let waiting = null;
  let timer;
  async function fly() {
    flying = waiting;
    waiting = null;
    const controller = new AbortController();
    flying.abort = () => controller.abort();
    flying.begun = performance.now();
    busy(true);
    const { question, bytes, done, failed } = flying;
    try {
      done(await host.ask(question, bytes, controller.signal));
    } catch (reason) {
      if (controller.signal.aborted) done(null);
      else failed(reason);
    }
    flying = null;
    clearTimeout(timer);
    if (waiting) fly();
    else busy(false);
  }
  return function ask(question, bytes = null) {
    waiting?.done(null);
    return new Promise((done, failed) => {
      waiting = { question, bytes, done, failed };
      if (!flying) return fly();
      const patience = host.patience - (performance.now() - flying.begun);
      clearTimeout(timer);
      if (Number.isFinite(patience)) timer = setTimeout(flying.abort, Math.max(0, patience));
    });
  };
}

/** A host in a notebook: messages of the widget's model, answered by the Python process. */
function notebookHost(model) {
  const waiting = new Map();
  let count = 0;
  model.on("msg:custom", (message, buffers) => {
    const done = waiting.get(message.id);
    waiting.delete(message.id);
    const [buffer] = buffers ?? [];
    const bytes = buffer ? new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength) : null;
    done?.({ answer: JSON.parse(message.answer), bytes });
  });
  const save = (state) => {
    model.set("state", state);
    model.save_changes();
  };
  return {
    // A process that answers in turn hears of a cancellation when it is too late.
    patience: model.get("cancels") ? 150 : Infinity,
    ask(question, bytes, signal) {
      count += 1;
      const id = count;
      return new Promise((done, failed) => {
        waiting.set(id, done);
        signal.addEventListener("abort", () => {
          if (!waiting.delete(id)) return;
          model.send({ cancel: id });
          failed(signal.reason);
        });
        model.send({ id, question: JSON.stringify(question) }, undefined, bytes ? [bytes.buffer] : []);
      });
    },
    load: () => model.get("state"),
    save,
    changed: (react) => model.on("change:state", () => react(model.get("state"))),
  };
}

