// npm's oidc-provider on loopback, as a studio would set it up for Crossdock: a public client with PKCE, tokens with
// groups and the methods of the sign-in. Whoever comes is signed in at once as the file SIGN_IN says at that moment:
// {"person": "ana", "methods": ["pwd", "otp"]}.
//
//   node real_provider.mjs NODE_MODULES CERTIFICATE KEY SIGN_IN     prints {"issuer": "https://127.0.0.1:…"}
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { pathToFileURL } from 'node:url';

const [modules, certificate, key, signIn] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const configuration = {
  clients: [{
    client_id: 'crossdock',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [{ ...jwk, use: 'sig', alg: 'ES256', kid: 'of-this-run' }] },
  scopes: ['openid', 'profile', 'groups'],
  claims: { openid: ['sub', 'amr'], profile: ['preferred_username'], groups: ['groups'] },
  conformIdTokenClaims: false, // the groups stand in the token itself
  pkce: { required: () => true },
  cookies: { keys: ['only for a test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, groups: ['operations', 'identity'] }) }),
  // Nobody is asked whether they consent: the client is the studio's own.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid profile groups');
    await grant.save();
    return grant;
  },
};

let answer;
const server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const serve = provider.callback();
  answer = (request, response) => {
    if (!request.url.startsWith('/interaction/')) return serve(request, response);
    // Both at once: who it is, and that a program on their own machine may have the token.
    const { person, methods } = JSON.parse(readFileSync(signIn));
    return provider.interactionFinished(request, response, { login: { accountId: person, amr: methods }, consent: {} });
  };
  console.log(JSON.stringify({ issuer }));
});
