// Opens an encrypted introspection answer with a library that is not ours, and verifies the signed one within. Input: one JSON object; output: the claims.
import { compactDecrypt, createLocalJWKSet, importJWK, jwtVerify } from 'jose';
import { text } from 'node:stream/consumers';

const { answer, key, jwks, issuer, audience } = JSON.parse(await text(process.stdin));
const { plaintext, protectedHeader } = await compactDecrypt(answer, await importJWK(key, key.alg), { keyManagementAlgorithms: [key.alg] });
if (protectedHeader.cty !== 'JWT') throw new Error('cty is ' + protectedHeader.cty);
const { payload } = await jwtVerify(new TextDecoder().decode(plaintext), createLocalJWKSet(jwks), { issuer, audience, typ: 'token-introspection+jwt', maxTokenAge: 60 });
console.log(JSON.stringify(payload));
