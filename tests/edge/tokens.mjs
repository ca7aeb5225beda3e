// Security Event Tokens as a receiver reads them.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";

const decode = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

export const headerOf = (token) => decode(token.split(".")[0]);
export const claimsOf = (token) => decode(token.split(".")[1]);

/** Checks a token as a receiver must; answers with its claims. */
export async function verified(endpoint, token, tenant) {
  const { keys } = await (await fetch(new URL(`/tenants/${tenant}/jwks.json`, endpoint))).json();
  const [header, claims, signature] = token.split(".");
  const { alg, typ, kid } = headerOf(token);
  assert.deepEqual([alg, typ], ["ES256", "secevent+jwt"]);
  const jwk = keys.find((key) => key.kid === kid);
  assert.ok(jwk, `no key ${kid}`);
  assert.equal(jwk.d, undefined, "the private part is published");
  const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  const signed = Buffer.from(`${header}.${claims}`);
  assert.ok(verify("sha256", signed, key, Buffer.from(signature, "base64url")), "the signature is wrong");
  assert.ok(!verify("sha256", Buffer.from(`${header}.x${claims}`), key, Buffer.from(signature, "base64url")));
  return claimsOf(token);
}
