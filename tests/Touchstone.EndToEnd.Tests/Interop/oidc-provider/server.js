// A real authorization server for tests: opaque tokens by client_credentials, introspection (RFC 7662, and signed: RFC 9701) and revocation. It answers on loopback only, and ends with its standard input.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const port = Number(process.env.PORT);
const issuer = `http://127.0.0.1:${port}`;
const keys = JSON.parse(process.env.CALLER_JWKS);

const answerKeys = JSON.parse(process.env.ANSWER_KEYS);

const caller = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
const provider = new Provider(issuer, {
  clients: [
    { ...caller, client_id: 'shop', client_secret: process.env.SHOP_SECRET, token_endpoint_auth_method: 'client_secret_basic', scope: 'orders:read orders:write' },
    { ...caller, client_id: 'api-basic', client_secret: process.env.API_SECRET, token_endpoint_auth_method: 'client_secret_basic' },
    { ...caller, client_id: 'api-post', client_secret: process.env.API_SECRET, token_endpoint_auth_method: 'client_secret_post' },
    { ...caller, client_id: 'api-secret-jwt', client_secret: process.env.API_SECRET, token_endpoint_auth_method: 'client_secret_jwt' },
    { ...caller, client_id: 'api-key', token_endpoint_auth_method: 'private_key_jwt', jwks: keys },
    { ...caller, client_id: 'api-signed', client_secret: process.env.API_SECRET, token_endpoint_auth_method: 'client_secret_basic', introspection_signed_response_alg: 'RS256' },
    ...answerKeys.map((key) => ({
      ...caller, client_id: `api-${key.alg}`, client_secret: process.env.API_SECRET, token_endpoint_auth_method: 'client_secret_basic', jwks: { keys: [key] },
      introspection_signed_response_alg: 'RS256', introspection_encrypted_response_alg: key.alg, introspection_encrypted_response_enc: key.alg === 'ECDH-ES' ? 'A256GCM' : undefined,
    })),
  ],
  scopes: ['orders:read', 'orders:write'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    // Whoever is a client here may ask about every token.
    introspection: { enabled: true, allowedPolicy: () => true },
    jwtIntrospection: { enabled: true },
    encryption: { enabled: true },
    revocation: { enabled: true },
  },
});

const server = createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('ready'));
process.stdin.resume().on('end', () => { server.close(); process.exit(0); });
