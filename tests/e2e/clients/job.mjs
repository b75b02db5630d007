// The main job, as an assistant does it: `job.mjs '{"sdk":"v2-auto","url":...,"step":"create"}'`
// prints one JSON report on standard output. It asserts nothing: the Rust test does, with the
// same assertions for every client.

import { connect } from './connect.mjs';

const options = JSON.parse(process.argv[2]);

const { client, protocolVersion } = await connect(options);
const { tools } = await client.listTools();
const report = { protocol_version: protocolVersion, tools: tools.map((tool) => tool.name) };

if (options.step === 'create') {
  report.waited = await call('generate_image', { prompt: options.prompt, provider: 'placeholder' });
  report.started = await call('generate_image', { prompt: options.prompt, provider: 'placeholder', wait_seconds: 0 });
  report.polled = await poll(report.started.structured.image_id);
}
if (options.step === 'create' || options.step === 'find') {
  const id = options.image_id ?? report.started.structured.image_id;
  report.shown = await call('show_image', { uri: `image://${id}/view` });
  report.view = await read(`image://${id}/view?format=webp&width=64&height=32&rotate=90`);
  report.original = await read(`image://${id}/view`);
  report.list = (await read('image://list')).text;
}

console.log(JSON.stringify(report));
await client.close();

async function call(name, args) {
  const result = await client.callTool({ name, arguments: args });
  return {
    is_error: result.isError === true,
    structured: result.structuredContent ?? null,
    content: result.content.map(({ type, text, data, mimeType, uri }) => ({ type, text, data, mime_type: mimeType, uri })),
  };
}

async function read(uri) {
  const { contents } = await client.readResource({ uri });
  const [{ mimeType, blob, text }] = contents;
  return { mime_type: mimeType, blob, text };
}

async function poll(imageId) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const status = await call('check_generation_status', { image_id: imageId });
    if (status.structured?.status !== 'generating' || Date.now() > deadline) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
