// Reads server-sent events (WHATWG HTML, section 9.2) from an answer to POST, which the browser's
// own EventSource cannot send.

/** Yields { name, data } of each event of a Response, data read as JSON. */
export async function* events(response) {
  let name = "message";
  let data = [];
  for await (const line of lines(response.body)) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    else if (line === "" && data.length > 0) {
      yield { name, data: JSON.parse(data.join("\n")) };
      name = "message";
      data = [];
    }
  }
}

async function* lines(stream) {
  let rest = "";
  for await (const text of texts(stream)) {
    const parts = (rest + text).split(/\r?\n/);
    rest = parts.pop();
    yield* parts;
  }
}

async function* texts(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}
