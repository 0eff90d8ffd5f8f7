// Plays clients and resource servers with openid-client. Each line of the input is a step, {"do": …}; each line of the output what came of it, {"ok": …} or {"error": …, "description": …}.
import { createInterface } from 'node:readline';
import { importJWK } from 'jose';
import * as openid from 'openid-client';

const parts = new Map();   // who plays, by name
const keys = new Map();    // DPoP handles, by the name of the part and of the key

const steps = {
    // Reads the server's metadata and takes a part. With `node` its requests go to that node, whatever the metadata says.
    async enter({ as, issuer, id, jwk, secret, metadata, node }) {
        const proof = jwk ? openid.PrivateKeyJwt({ key: await importJWK(jwk, jwk.alg), kid: jwk.kid }) : secret ? openid.ClientSecretBasic(secret) : openid.None();
        const config = await openid.discovery(new URL(issuer), id, metadata ?? {}, proof, { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] });
        if (metadata?.introspection_signed_response_alg) openid.enableNonRepudiationChecks(config);
        if (node) config[openid.customFetch] = (url, options) => fetch(new URL(new URL(url).pathname, node), options);
        parts.set(as, config);
        return config.serverMetadata().issuer;
    },

    clientCredentials: ({ as, ...parameters }) => openid.clientCredentialsGrant(parts.get(as), parameters),

    exchange: ({ as, ...parameters }) => openid.genericGrantRequest(parts.get(as), 'urn:ietf:params:oauth:grant-type:token-exchange', {
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...parameters,
    }),

    async refresh({ as, key, refresh_token, ...parameters }) {
        return openid.refreshTokenGrant(parts.get(as), refresh_token, parameters, key ? { DPoP: await handle(as, key) } : undefined);
    },

    // The answer is verified where the part demands signed ones.
    introspect: ({ as, token }) => openid.tokenIntrospection(parts.get(as), token),

    revoke: ({ as, token }) => openid.tokenRevocation(parts.get(as), token),

    async get({ as, key, token, url }) {
        const answer = await openid.fetchProtectedResource(parts.get(as), token, new URL(url), 'GET', null, undefined, key ? { DPoP: await handle(as, key) } : undefined);
        return { status: answer.status, challenge: answer.headers.get('www-authenticate') };
    },
};

async function handle(as, key) {
    const name = `${as}/${key}`;
    if (!keys.has(name)) keys.set(name, openid.getDPoPHandle(parts.get(as), await openid.randomDPoPKeyPair('ES256')));
    return keys.get(name);
}

for await (const line of createInterface({ input: process.stdin })) {
    const { do: step, ...given } = JSON.parse(line);
    try {
        console.log(JSON.stringify({ ok: (await steps[step](given)) ?? null }));
    } catch (failed) {
        console.log(JSON.stringify({ error: failed.error ?? failed.code ?? failed.name, description: failed.error_description ?? failed.message, status: failed.status ?? failed.response?.status, cause: failed.cause?.message }));
    }
}
