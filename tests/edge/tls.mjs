// The Worker as it is behind TLS: `WITH=tests/edge/tls.mjs node scripts/serve.mjs serve`. What comes in
// on the direct socket is shown to the Worker with an `https:` address, as Cloudflare does.
const FORWARD = `
export default {
  fetch(request, env) {
    return env.PROVISOR.fetch(new Request(request.url.replace(/^http:/, "https:"), request));
  },
};`;

export default ({ workers: [provisor, direct], ...shared }) => ({
  ...shared,
  workers: [
    provisor,
    {
      ...direct,
      script: FORWARD,
      compatibilityDate: "2026-04-01",
      serviceBindings: { PROVISOR: "provisor" },
      unsafeDirectSockets: direct.unsafeDirectSockets.map((socket) => ({ ...socket, serviceName: "direct" })),
    },
  ],
});
