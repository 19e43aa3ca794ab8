// Licensed under the Apache License, Version 2.0; see LICENSE.
// Sign a POST of JSON with an npm library that shares no code with us, http-message-signatures, and print the headers to
// send it with. Arguments: the folder that it is installed in, key file (PEM), URL, file of the content.
import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , folder, keyFile, url, bodyFile] = process.argv;
const { createSigner, httpbis } = createRequire(`${folder}/`)('http-message-signatures');

const key = createPrivateKey(readFileSync(keyFile));
const { x } = createPublicKey(key).export({ format: 'jwk' });
const keyid = createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url');
const digest = createHash('sha256').update(readFileSync(bodyFile)).digest('base64');
const { headers } = await httpbis.signMessage({
    key: createSigner(key, 'ed25519', keyid),
    name: 'member',
    fields: ['@method', '@authority', '@path', '@query', 'content-type', 'content-digest'],
    params: ['created', 'keyid', 'alg', 'nonce', 'tag'],
    paramValues: { nonce: randomBytes(16).toString('base64url'), tag: 'civarcos-fed' },
}, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', 'content-digest': `sha-256=:${digest}:` },
});
for (const [name, value] of Object.entries(headers)) {
    console.log(`${name}: ${value}`);
}
